// Package report says what a run of the benchmark has measured: as JSON, as
// Markdown, as plots in SVG, and against an earlier run.
//
// It owns the form of the results, medians, spreads and ratios, and the goals'
// comparison with them; what is run, and when, is the benchmark's. Pure: it reads and
// writes no file and has no clock.
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
	Figures     []Figure     `json:"figures"`
	Waits       []Waits      `json:"waits"`
}

// Machine is where it ran.
type Machine struct {
	CPU     string  `json:"cpu"`
	Cores   int     `json:"cores"`
	Memory  float64 `json:"memory_gib"`
	Kernel  string  `json:"kernel"`
	Kafka   string  `json:"kafka"`
	Go      string  `json:"go"`
	Client  string  `json:"librdkafka"`
	Java    string  `json:"java"`
	Python  string  `json:"python"`
	Partner string  `json:"parallel_consumer"`
}

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
	// Rounds are the values, in the rounds' order; NaN can't be, a failed round has none.
	Rounds []float64 `json:"rounds"`
}

// Waits is the distribution of high-priority waits for the plot: the value at each
// of Quantiles, of all rounds' messages together, in milliseconds.
type Waits struct {
	Variant    string    `json:"variant"`
	Contestant string    `json:"contestant"`
	Quantiles  []float64 `json:"quantiles"`
	Millis     []float64 `json:"ms"`
}

// Goal is a ratio that a run should keep: the figure of Of, against the one of
// Against in the same case, variant and measure, plus Allowance in the measure's unit.
type Goal struct {
	Case, Variant, Measure string
	Of, Against            string
	// AgainstVariant, where it isn't Variant; AgainstMeasure, where it isn't Measure.
	AgainstVariant, AgainstMeasure string
	// AtLeast and AtMost bound the ratio; 0 is no bound. Allowance is added to the
	// bound of AtMost: p99 at most 1.5 × + 3 ms.
	AtLeast, AtMost, Allowance float64
	// Limit bounds Of's figure itself, without Against.
	Limit float64
}
