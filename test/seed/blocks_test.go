package seed

import "github.com/kafkaboost/boostd"

// blocks is how many blocks of code KafkaBoost's README has, in its version
// 0.2.0: each has a case here.
const blocks = 19

// message is something that a block sends, and where it has to end.
type message struct {
	topic, value string
	priority     *int // the argument, if there is one
	wantTopic    string
	wantLevel    boostd.Level
	wantBy       string
}

// block is one block of code: what it says, through boostd's commands.
type block struct {
	heading string
	number  int // in the README, from 1
	// settings is the document, as printed there or completed to one.
	settings string
	group    string
	topics   []string // that the block's consumer has
	messages []message
	// order are the levels of messages, in the order in which they are handled.
	order []boostd.Level
	// check looks at what is no message.
	check func(*running)
	// missing is what boostd doesn't serve yet; absent are commands that would,
	// and that it refuses, noFiles what the project would have.
	missing string
	absent  []string
	noFiles []string
}

// structure is the document of "S3 Configuration Structure".
const structure = `{
  "user_id": "user123",
  "max_priority": 10,
  "default_priority": 0,
  "Priority_boost": [
    {"topic_name": "orders", "priority_boost_min_value": 5, "number_of_partitions": 9}
  ],
  "Topics_priority": [
    {"topic": "notifications", "priority": 8}
  ],
  "Rule_Base_priority": [
    {"role_name": "admin", "value": "high", "priority": 9}
  ]
}`

// byTopic is the fragment of "Topic-Based Priority", byRule that of "Rule-Based
// Priority" beside the boost that its usage speaks of.
const (
	byTopic = `{"Topics_priority": [
  {"topic": "urgent_orders", "priority": 9},
  {"topic": "notifications", "priority": 7},
  {"topic": "reports", "priority": 3}
]}`
	byRule = `{"Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 5, "number_of_partitions": 9}],
"Rule_Base_priority": [
  {"role_name": "user_role", "value": "admin", "priority": 9},
  {"role_name": "user_role", "value": "premium", "priority": 7},
  {"role_name": "order_type", "value": "express", "priority": 8}
]}`
)

// polling is what an application of KafkaBoost does and boostd doesn't offer.
const polling = "applications that poll: boostd hands messages to programs and services"

var all = []block{
	{heading: "Architecture", number: 1,
		settings: `{"Priority_boost": [{"topic_name": "base_topic", "priority_boost_min_value": 5}]}`,
		check: func(r *running) {
			r.ensure()
			r.hasTopics("base_topic", map[string]int{"base_topic": 0, "base_topic_5": 1, "base_topic_7": 1})
		}},
	{heading: "Installation", number: 2, settings: structure,
		check:   func(r *running) { r.succeeds("version") },
		missing: "a package of PyPI: boostd is one binary", noFiles: []string{"pyproject.toml", "setup.py"}},
	{heading: "Basic Usage", number: 3, settings: structure, group: "priority_group", topics: []string{"orders"},
		messages: []message{
			{topic: "orders", value: `{"order_id": 1, "priority": 5}`, wantTopic: "orders_5", wantLevel: 5, wantBy: "value"},
			{topic: "orders", value: `{"order_id": 2, "priority": 10}`, wantTopic: "orders_10", wantLevel: 10, wantBy: "value"},
		},
		order: []boostd.Level{10, 5}, missing: polling, absent: []string{"consume"}},
	{heading: "S3 Configuration Structure", number: 4, settings: structure, group: "structure", topics: []string{"orders", "notifications"},
		messages: []message{
			{topic: "orders", value: `{"order_id": 1}`, wantTopic: "orders", wantLevel: 0, wantBy: "default"},
			{topic: "notifications", value: `{"message": "shipped"}`, wantTopic: "notifications", wantLevel: 8, wantBy: "topic"},
			{topic: "orders", value: `{"admin": "high"}`, wantTopic: "orders_9", wantLevel: 9, wantBy: "rule"},
		},
		order: []boostd.Level{9, 8, 0},
		check: func(r *running) { r.succeeds("settings", "validate", r.settings()); r.lookedUp("user123") }},
	{heading: "Topic-Based Priority", number: 5, settings: byTopic,
		check: func(r *running) { r.succeeds("settings", "validate", r.settings()) }},
	{heading: "Topic-Based Priority: usage", number: 6, settings: byTopic, group: "by-topic", topics: []string{"urgent_orders", "notifications", "reports"},
		messages: []message{
			{topic: "urgent_orders", value: `{"order_id": 123, "customer": "VIP"}`, wantTopic: "urgent_orders", wantLevel: 9, wantBy: "topic"},
			{topic: "notifications", value: `{"message": "Order shipped"}`, wantTopic: "notifications", wantLevel: 7, wantBy: "topic"},
			{topic: "reports", value: `{"report_type": "daily_summary"}`, wantTopic: "reports", wantLevel: 3, wantBy: "topic"},
		},
		order: []boostd.Level{9, 7, 3}},
	{heading: "Rule-Based Priority", number: 7, settings: byRule,
		check: func(r *running) { r.succeeds("settings", "validate", r.settings()) }},
	{heading: "Rule-Based Priority: usage", number: 8, settings: byRule, group: "by-rule", topics: []string{"orders"},
		messages: []message{
			{topic: "orders", value: `{"order_id": 123, "user_role": "admin", "amount": 100}`, wantTopic: "orders_9", wantLevel: 9, wantBy: "rule"},
			{topic: "orders", value: `{"order_id": 124, "user_role": "premium", "amount": 50}`, wantTopic: "orders_7", wantLevel: 7, wantBy: "rule"},
			{topic: "orders", value: `{"order_id": 125, "order_type": "express", "amount": 75}`, wantTopic: "orders_8", wantLevel: 8, wantBy: "rule"},
		},
		order: []boostd.Level{9, 8, 7}},
	{heading: "Manual Priority", number: 9, settings: byRule, group: "manual", topics: []string{"orders"},
		messages: []message{
			{topic: "orders", value: `{"order_id": 126, "amount": 200}`, priority: new(10), wantTopic: "orders_10", wantLevel: 10, wantBy: "explicit"},
		},
		order: []boostd.Level{10}},
	{heading: "Producer with Priority Routing", number: 10, settings: structure, group: "routing", topics: []string{"orders"},
		messages: []message{
			{topic: "orders", value: `{"order_id": 123, "customer_id": "cust_456", "amount": 99.99}`, priority: new(10), wantTopic: "orders_10", wantLevel: 10, wantBy: "explicit"},
			{topic: "orders", value: `{"order_id": 124, "customer_id": "cust_789", "amount": 49.99}`, priority: new(5), wantTopic: "orders_5", wantLevel: 5, wantBy: "explicit"},
		},
		order: []boostd.Level{10, 5}},
	{heading: "Continuous Message Processing", number: 11, settings: structure, group: "order_processing_group", topics: []string{"orders"},
		messages: []message{
			{topic: "orders", value: `{"order_id": 1}`, wantTopic: "orders", wantLevel: 0, wantBy: "default"},
			{topic: "orders", value: `{"order_id": 2, "priority": 6}`, wantTopic: "orders_6", wantLevel: 6, wantBy: "value"},
			{topic: "orders", value: `{"order_id": 3, "priority": 8}`, wantTopic: "orders_8", wantLevel: 8, wantBy: "value"},
		},
		order: []boostd.Level{8, 6, 0}, missing: polling, absent: []string{"consume"}},
	{heading: "Working with Multiple Topics", number: 12, settings: structure, group: "multi_topic_group", topics: []string{"orders", "notifications", "payments"},
		messages: []message{
			{topic: "payments", value: `{"amount": 1}`, wantTopic: "payments", wantLevel: 0, wantBy: "default"},
			{topic: "notifications", value: `{"message": "paid"}`, wantTopic: "notifications", wantLevel: 8, wantBy: "topic"},
			{topic: "orders", value: `{"order_id": 1, "priority": 9}`, wantTopic: "orders_9", wantLevel: 9, wantBy: "value"},
		},
		order: []boostd.Level{9, 8, 0}, missing: polling, absent: []string{"consume"}},
	{heading: "Configuration Management", number: 13, settings: structure, group: "management", topics: []string{"orders"},
		check: func(r *running) {
			r.ensure()
			if s := r.summary(); s.MaxPriority != 10 || s.TopicsCount != 1 {
				r.t.Errorf("the summary is %+v", s)
			}
			r.lookedUp("user123")
		}},
	{heading: "Automatic Topic Creation", number: 14, settings: structure,
		check: func(r *running) {
			r.ensure()
			r.hasTopics("orders", map[string]int{"orders_5": 9, "orders_6": 9, "orders_7": 9, "orders_8": 9, "orders_9": 9, "orders_10": 9, "orders": 0})
			if again := r.ensure(); again != "" {
				r.t.Errorf("the second time it changed %s", again)
			}
		}},
	{heading: "Configuration Summary", number: 15, settings: structure, group: "summary", topics: []string{"orders"},
		check: func(r *running) {
			if s := r.summary(); !s.PriorityBoostEnabled || len(s.CurrentSubscription) != 7 || s.MaxPriority != 10 {
				r.t.Errorf("the summary is %+v", s)
			}
		}},
	{heading: "Consumer State", number: 16, settings: structure, group: "state", topics: []string{"orders"},
		check: func(r *running) {
			if n := len(r.status().Consumers); n != 7 {
				r.t.Errorf("%d consumers, want one for the base topic and six for levels", n)
			}
		}},
	{heading: "Debug Mode", number: 17, settings: structure, group: "debug", topics: []string{"orders"},
		check: func(r *running) {
			r.status()
			r.succeeds("log-level", "debug", "--control", r.control())
		}},
	{heading: "From Standard Kafka Consumer", number: 18, settings: structure, group: "None", topics: []string{"orders"},
		messages: []message{{topic: "orders", value: `{"order_id": 1}`, wantTopic: "orders", wantLevel: 0, wantBy: "default"}},
		order:    []boostd.Level{0}, missing: polling, absent: []string{"consume"}},
	{heading: "From Standard Kafka Producer", number: 19, settings: structure,
		messages: []message{{topic: "orders", value: `{"order_id": 2, "priority": 5}`, wantTopic: "orders_5", wantLevel: 5, wantBy: "value"}},
		missing:  "a class in the place of KafkaProducer: other languages than Go use the command or HTTP", noFiles: []string{"pyproject.toml", "setup.py"}},
}
