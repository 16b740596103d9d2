package kafkaio

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestLevels(t *testing.T) {
	for text, want := range map[string]Levels{
		"8":                 {Ranges: []boostd.LevelRange{{From: 8, To: 8}}},
		"8-10":              {Ranges: []boostd.LevelRange{{From: 8, To: 10}}},
		"base":              {Base: true},
		"0,5,8-10, base":    {Base: true, Ranges: []boostd.LevelRange{{From: 0, To: 0}, {From: 5, To: 5}, {From: 8, To: 10}}},
		" base , 1000,base": {Base: true, Ranges: []boostd.LevelRange{{From: 1000, To: 1000}}},
	} {
		var got Levels
		if err := got.UnmarshalText([]byte(text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":       `"": want levels, such as 8, 3-5 or base`,
		"8,":     `"": want levels, such as 8, 3-5 or base`,
		"high":   `"high": want levels, such as 8, 3-5 or base`,
		"8-":     `"8-": want levels, such as 8, 3-5 or base`,
		"3, 9-8": `"9-8": want the lower level first, 8-9`,
		"0-1001": `"0-1001": no level is above 1000`,
	} {
		if got := new(Levels); got.UnmarshalText([]byte(text)) == nil || got.UnmarshalText([]byte(text)).Error() != want {
			t.Errorf("%q is %v, %v; want %s", text, got, got.UnmarshalText([]byte(text)), want)
		}
	}
}

func TestConsumes(t *testing.T) {
	only := Config{OnlyLevels: []Levels{{Ranges: []boostd.LevelRange{{From: 3, To: 5}}}, {Base: true, Ranges: []boostd.LevelRange{{From: 9, To: 9}}}}}
	got, all := "", ""
	for _, level := range []string{"base", "0", "3", "4", "5", "6", "9", "10"} {
		got += fmt.Sprint(level, only.Consumes(level), " ")
		if !(Config{}).Consumes(level) {
			all += level
		}
	}
	if want := "basetrue 0false 3true 4true 5true 6false 9true 10false "; got != want || all != "" {
		t.Errorf("consumes %s, want %s; without a restriction not %q", got, want, all)
	}
}

// What is read says itself again.
func FuzzLevels(f *testing.F) {
	for _, text := range []string{"8-10", "0, 5, 8-10, base", "base,base", "9-8", ","} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var l, again Levels
		if err := l.UnmarshalText([]byte(text)); err != nil {
			return
		}
		if err := again.UnmarshalText([]byte(l.String())); err != nil || !reflect.DeepEqual(l, again) {
			t.Errorf("%q is %v, which is %v, %v", text, l, again, err)
		}
	})
}
