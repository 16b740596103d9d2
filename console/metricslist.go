package console

import "github.com/prometheus/client_golang/prometheus"

// metric is the name, type and labels of one metric.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType // not of histograms
}

// metrics are all that there are: docs/METRICS.md lists the same. Never changed
// after newMetrics.
type metrics struct {
	descs []*prometheus.Desc

	build, uptime, ready, phase, alarm, alarms, held metric
	settingsInfo, reloaded, checkedAt, loadedAt      metric
	resolution                                       metric
	level                                            levelMetrics
	consumer                                         consumerMetrics
	handler                                          handlerMetrics
	plugin                                           pluginMetrics
}

type levelMetrics struct {
	broker, queued, inFlight, oldest, paused, done, retried, dead, held metric
	overdue, shared, preempted                                          metric
	queueWait, age                                                      metric
}

type consumerMetrics struct {
	info, joined, partitions, broker, unsettled, bytes             metric
	state, stateSeconds, pauses, resumes, rebalances, commit, poll metric
	roundTrip, connections, received, prefetched                   metric
}

type handlerMetrics struct {
	info, policy, slots, busy, stuck, results, time metric
	outstanding, holds, stalled                     metric
}

type pluginMetrics struct {
	info, up, crashes, replaced, resident metric
}

func newMetrics() *metrics {
	m := &metrics{}
	m.daemon()
	m.settings()
	m.levels()
	m.consumers()
	m.handlers()
	m.plugins()
	return m
}

func (m *metrics) add(kind prometheus.ValueType, name, help string, labels []string) metric {
	desc := prometheus.NewDesc("boostd_"+name, help, labels, nil)
	m.descs = append(m.descs, desc)
	return metric{desc, kind}
}

func (m *metrics) gauge(name, help string, labels ...string) metric {
	return m.add(prometheus.GaugeValue, name, help, labels)
}

func (m *metrics) counter(name, help string, labels ...string) metric {
	return m.add(prometheus.CounterValue, name, help, labels)
}

func (m *metrics) histogram(name, help string, labels ...string) metric {
	return m.add(prometheus.UntypedValue, name, help, labels)
}

func (m *metrics) daemon() {
	m.build = m.gauge("build_info", "Always 1: which build runs.", "version", "goversion")
	m.uptime = m.gauge("uptime_seconds", "Time since the daemon started.")
	m.ready = m.gauge("ready", "1 when the settings are good and every consumer has joined its group.")
	m.phase = m.gauge("phase", "1 for the phase that the daemon is in: starting, running or stopping.", "phase")
	m.alarm = m.gauge("alarm", "1 for each alarm that stands now.", "kind", "subject")
	m.alarms = m.gauge("alarms", "How many alarms stand now.")
	m.held = m.gauge("held_messages", "Messages that were given up and wait for a person now.")
}

func (m *metrics) settings() {
	m.settingsInfo = m.gauge("settings_info", "Always 1: which settings are in force.", "hash", "source", "version")
	m.reloaded = m.gauge("settings_last_reload_successful", "1 when the last look at the settings' source was good.")
	m.checkedAt = m.gauge("settings_last_reload_success_timestamp_seconds", "When the source of the settings was last seen good.")
	m.resolution = m.counter("resolution_total", "Messages whose priority was clamped to a level, mistyped and passed over, or outranked by a rule that the value's own goes before.", "what")
	m.loadedAt = m.gauge("settings_loaded_timestamp_seconds", "When the settings in force came into force.")
}

func (m *metrics) levels() {
	l := &m.level
	l.broker = m.gauge("level_broker_messages", "Messages of the level that wait in the brokers.", "level")
	l.queued = m.gauge("level_queued_messages", "Messages of the level that were fetched and wait for a slot, a key or a retry.", "level")
	l.inFlight = m.gauge("level_in_flight_messages", "Messages of the level that are with handlers.", "level")
	l.oldest = m.gauge("level_oldest_age_seconds", "Age, since it was produced, of the message that waits longest here.", "level")
	l.paused = m.gauge("level_paused_by_hand", "1 while somebody has paused the level by hand.", "level")
	l.done = m.counter("level_done_total", "Messages of the level that were done.", "level")
	l.retried = m.counter("level_retried_total", "Failed attempts of the level's messages that were followed by another.", "level")
	l.dead = m.counter("level_dead_total", "Messages of the level that became dead letters.", "level")
	l.held = m.counter("level_held_total", "Messages of the level that were given up.", "level")
	l.overdue = m.counter("level_overdue_total", "Attempts of the level's messages that went before higher levels because they had waited for max_wait.", "level")
	l.shared = m.counter("level_shared_total", "Attempts of the level's messages that went before higher levels because the level was owed its min_share.", "level")
	l.preempted = m.counter("level_preempted_total", "Attempts of the level's messages that were cancelled to give their slot to a higher level.", "level")
	l.queueWait = m.histogram("level_queue_wait_seconds", "Time from a message's fetch to the start of its first attempt.", "level")
	l.age = m.histogram("level_start_age_seconds", "Age, since it was produced, of a message at the start of its first attempt.", "level")
}

func (m *metrics) consumers() {
	c := &m.consumer
	c.info = m.gauge("consumer_info", "Always 1: level (empty for base topics), handler and group of the consumer.", "consumer", "level", "handler", "group")
	c.joined = m.gauge("consumer_joined", "1 while the consumer has a place in its group.", "consumer")
	c.partitions = m.gauge("consumer_partitions", "Partitions that the consumer is assigned.", "consumer")
	c.broker = m.gauge("consumer_broker_messages", "Messages of the consumer that wait in the brokers.", "consumer")
	c.unsettled = m.gauge("consumer_unsettled_messages", "Messages of the consumer that were fetched and have no final result.", "consumer")
	c.bytes = m.gauge("consumer_unsettled_bytes", "Size of the messages that were fetched and have no final result.", "consumer")
	c.state = m.gauge("consumer_state", "1 for the state that the gate has the consumer in: RUN, HOLD or PAUSED.", "consumer", "state")
	c.stateSeconds = m.counter("consumer_state_seconds_total", "Time that the consumer has spent in the state.", "consumer", "state")
	c.pauses = m.counter("consumer_pauses_total", "How often the gate has paused the consumer.", "consumer")
	c.resumes = m.counter("consumer_resumes_total", "How often the gate has resumed the consumer.", "consumer")
	c.rebalances = m.counter("consumer_rebalances_total", "Assignments, revocations and losses of partitions.", "consumer")
	c.commit = m.gauge("consumer_commit_age_seconds", "How long something done has been waiting for its commit.", "consumer")
	c.poll = m.gauge("consumer_poll_age_seconds", "Time since the consumer's poll loop last came round.", "consumer")
	c.roundTrip = m.gauge("client_round_trip_seconds", "Mean time that brokers took to answer the consumer's Kafka client lately.", "consumer")
	c.connections = m.gauge("client_connections", "Brokers that the consumer's Kafka client has a connection to.", "consumer")
	c.received = m.counter("client_received_bytes_total", "Size of all messages that the consumer's Kafka client has fetched.", "consumer")
	c.prefetched = m.gauge("client_prefetched_bytes", "Size of the messages that wait in the consumer's Kafka client.", "consumer")
}

func (m *metrics) handlers() {
	h := &m.handler
	h.info = m.gauge("handler_info", "Always 1: which kind of handler it is.", "handler", "kind")
	h.policy = m.gauge("policy_info", "Always 1: what priority means for the handler's messages, and where that is said.",
		"handler", "mode", "max_wait", "min_share", "reserve", "preemptible", "from")
	h.slots = m.gauge("handler_slots", "Slots that the handler has.", "handler")
	h.busy = m.gauge("handler_busy_slots", "Slots that have work.", "handler")
	h.stuck = m.gauge("handler_stuck_slots", "Slots whose handler overran its timeout and ignores its cancellation.", "handler")
	h.outstanding = m.gauge("group_outstanding_messages", "Messages of the level that all instances together have neither finished nor put off.", "handler", "level")
	h.holds = m.gauge("group_holds", "1 while lower levels wait for what the level's whole group has to do.", "handler", "level")
	h.stalled = m.gauge("group_stalled", "1 while the level's whole group has something to do and finishes nothing, so that nobody waits for it.", "handler", "level")
	h.results = m.counter("handler_results_total", "Results of the handler: done, retry, dead or held.", "handler", "result")
	h.time = m.histogram("handler_duration_seconds", "Time of single attempts, from start to result.", "handler")
}

func (m *metrics) plugins() {
	p := &m.plugin
	p.info = m.gauge("plugin_info", "Always 1: what the handler's plugin says of itself.", "handler", "name", "version", "sdk")
	p.up = m.gauge("plugin_up", "1 while a process of the handler's plugin serves its slots.", "handler")
	p.crashes = m.counter("plugin_crashes_total", "Processes of the handler's plugin that ended by themselves, or had to be ended.", "handler")
	p.replaced = m.counter("plugin_replaced_total", "Processes of the handler's plugin that another one took over from while it ran.", "handler")
	p.resident = m.gauge("plugin_resident_bytes", "Resident memory of the process that serves the handler's slots.", "handler")
}
