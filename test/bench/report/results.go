// Package report says what a run of the benchmark has measured: as JSON, as
// Markdown, as plots in SVG, and against an earlier run.
//
// It owns the form of the results, medians, spreads and ratios, and the goals'
// comparison with them; what is run, and when, is the benchmark's. Pure: it reads and
// writes no file and has no clock.
//
// At a run's end the benchmark has Results. Encode makes the JSON, Plots the drawings,
// Results.Markdown the page that shows both, with what people have written into
// notes.md, and Results.Text what the terminal shows. Check says which goals are met,
// Compare which ratios fell since the run that Decode reads, and Unlike why that may be.
package report

// Results are one run's.
type Results struct {
	// Version is the form's, 1.
	Version int     `json:"version"`
	Commit  string  `json:"commit"`
	Date    string  `json:"date"` // RFC 3339, UTC
	Quick   bool    `json:"quick"`
	Rounds  int     `json:"rounds"`
	Seconds float64 `json:"seconds"` // the whole run
	Machine Machine `json:"machine"`
	// Contestants are explained once, in the order of the tables.
	Contestants []Contestant `json:"contestants"`
	// Figures' cases and variants stand in the tables in the order they first have here.
	Figures []Figure `json:"figures"`
	// Waits and Series are what is drawn: see Plots.
	Waits  []Waits  `json:"waits"`
	Series []Series `json:"series"`
	// Failures are the rounds without a figure, and why.
	Failures []Failure `json:"failures"`
}

// Machine is where it ran, and with which versions; "" is a program that isn't there.
type Machine struct {
	CPU     string  `json:"cpu"`
	Cores   int     `json:"cores"`
	Memory  float64 `json:"memory_gib"`
	Kernel  string  `json:"kernel"`
	Kafka   string  `json:"kafka"`
	Go      string  `json:"go"`
	Client  string  `json:"librdkafka"`
	Franz   string  `json:"franz_go"`
	Java    string  `json:"java"`
	Partner string  `json:"parallel_consumer"`
	Python  string  `json:"python"`
	Boost   string  `json:"kafkaboost"`
}

// Ours is the contestant whose ratios the tables show.
const Ours = "boostd"

// Contestant is a program that was measured.
type Contestant struct {
	Name string `json:"name"`
	// What it is, in one sentence.
	What string `json:"what"`
	// File shows how it is tuned, relative to the repository's root.
	File string `json:"file"`
}

// Figure is what one contestant had in one case, measured once a round.
type Figure struct {
	// Case is its letter, Variant what is special, such as "100 B, 11 levels"; "" where
	// there is one variant.
	Case    string `json:"case"`
	Variant string `json:"variant"`
	// Contestant is the name of one of Results.Contestants.
	Contestant string `json:"contestant"`
	// Measure is what, such as "throughput" or "wait p50"; Unit "messages/s", "ms",
	// "MiB", "% of a core", "µs/message".
	Measure string `json:"measure"`
	Unit    string `json:"unit"`
	// Higher is whether more is better.
	Higher bool `json:"higher"`
	// Clock says from when to when, in words.
	Clock string `json:"clock"`
	// Rounds are the values, in the rounds' order, 0 or more: the n-th of every figure is
	// of the n-th round, so that ratios can be had within a round. A failed round is
	// NaN (in JSON null), or lacks at the end.
	Rounds Values `json:"rounds"`
}

// Waits is the distribution of high-priority waits, of all rounds' messages together:
// NewWaits makes one. Each Variant that there is becomes a plot of its own, with a line
// for each of its Waits.
type Waits struct {
	Variant    string `json:"variant"`
	Contestant string `json:"contestant"`
	// Floor is the wait without any other load: drawn dashed, and called
	// "idle" beside the contestant's name.
	Floor bool `json:"floor,omitempty"`
	// Quantiles rise, from 0 to below 1, where 0 is the shortest wait; Millis is the wait in milliseconds at each,
	// and never falls.
	Quantiles []float64 `json:"quantiles"`
	Millis    []float64 `json:"ms"`
}

// Series is a contestant's line in one of the other plots.
type Series struct {
	// Plot is ThroughputPlot or MemoryPlot.
	Plot       string `json:"plot"`
	Contestant string `json:"contestant"`
	// X rises; Y are the medians over the rounds. Both are 0 or more.
	X []float64 `json:"x"`
	Y []float64 `json:"y"`
}

// The plots that have Series.
const (
	// ThroughputPlot is messages a second (Y) by the handler's time in microseconds (X, 0 is
	// nothing to do); both axes are logarithmic, 0 has its place at the left.
	ThroughputPlot = "throughput"
	// MemoryPlot is resident memory in MiB (Y) by the number of levels (X).
	MemoryPlot = "memory"
)

// Failure is a round that gave a contestant no figures in a case.
type Failure struct {
	Case       string `json:"case"`
	Variant    string `json:"variant"`
	Contestant string `json:"contestant"`
	// Round counts from 1.
	Round int `json:"round"`
	// Text says what happened, in one line.
	Text string `json:"text"`
}

// Goal is a ratio that a run should keep: the figure of Of, against the one of
// Against in the same case, variant and measure, within each round; the median of
// the rounds counts.
type Goal struct {
	// What is the goal in words, for the table of goals: "throughput against the bare
	// tuned loop".
	What string
	// Case, Variant and Measure are those of Of's figure.
	Case, Variant, Measure string
	// Of and Against are contestants. Against "" is none: then only Limit holds.
	Of, Against string
	// AgainstVariant, where it isn't Variant; AgainstMeasure, where it isn't Measure.
	AgainstVariant, AgainstMeasure string
	// AtLeast and AtMost bound the ratio; 0 is no bound. Allowance, in the measure's unit,
	// is added to what AtMost allows: p99 at most 1.5 × + 3 ms. "At most idle + 6 ms" is
	// AtMost 1 and Allowance 6.
	AtLeast, AtMost, Allowance float64
	// Limit bounds Of's figure itself, in the measure's unit: at most, or at least where the
	// figure is Higher. 0 is no bound.
	Limit float64
}
