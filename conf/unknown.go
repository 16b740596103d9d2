package conf

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/suggest"
)

// foreign are names that other programs use, KafkaBoost, Kafka's own clients and
// those of other languages, without their separators, and what to write here.
var foreign = map[string]string{
	"bootstrapservers":       "it is kafka.brokers here",
	"bootstrapserver":        "it is kafka.brokers here",
	"brokerlist":             "it is kafka.brokers here",
	"metadatabrokerlist":     "it is kafka.brokers here",
	"servers":                "it is kafka.brokers here",
	"hosts":                  "it is kafka.brokers here",
	"groupid":                "it is kafka.group here",
	"consumergroup":          "it is kafka.group here",
	"groupinstanceid":        "it is kafka.instance here",
	"autooffsetreset":        "it is kafka.start here",
	"offsetreset":            "it is kafka.start here",
	"enableautocommit":       "boostd commits what a handler has finished: leave it out",
	"autocommitintervalms":   "boostd commits what a handler has finished: leave it out",
	"clientid":               "boostd names its clients after what they do: leave it out",
	"consumertimeout":        "boostd waits for messages as long as it runs: leave it out",
	"consumertimeoutms":      "boostd waits for messages as long as it runs: leave it out",
	"polltimeoutms":          "boostd waits for messages as long as it runs: leave it out",
	"valuedeserializer":      "handlers get the bytes as they are: leave it out",
	"keydeserializer":        "handlers get the bytes as they are: leave it out",
	"topicslist":             "it is topics here",
	"topicname":              "it is topics.NAME here",
	"configfile":             "the settings document is named by settings.source",
	"configpath":             "the settings document is named by settings.source",
	"userid":                 "it belongs into the settings document, see settings.source",
	"bucketname":             "the settings document is named by settings.source",
	"s3bucket":               "the settings document is named by settings.source",
	"maxpriority":            "it belongs into the settings document, see settings.source",
	"defaultpriority":        "it belongs into the settings document, see settings.source",
	"priorityboost":          "it belongs into the settings document, see settings.source",
	"topicspriority":         "it belongs into the settings document, see settings.source",
	"rulebasepriority":       "it belongs into the settings document, see settings.source",
	"concurrency":            "it is handlers.NAME.slots here",
	"workers":                "it is handlers.NAME.slots here",
	"retries":                "it is handlers.NAME.retry.attempts here, which counts the first attempt too",
	"priority":               "it belongs into the settings document, see settings.source",
	"configfilepath":         "the settings document is named by settings.source",
	"port":                   "it is console.listen here, host:port",
	"strict":                 "write policy.mode: strict",
	"maxretries":             "it is handlers.NAME.retry.attempts here, which counts the first attempt too",
	"command":                "it is handlers.NAME.exec here, a list",
	"url":                    "it is handlers.NAME.http here",
	"environment":            "it is handlers.NAME.process.env here",
	"memorylimit":            "it is handlers.NAME.process.memory here",
	"pluginpath":             "it is plugin_dir here",
	"loglevel":               "it is log.level here",
	"socket":                 "it is control here",
	"shutdowntimeout":        "it is drain here",
	"saslmechanism":          "it is kafka.properties.sasl.mechanism here",
	"saslplainusername":      "it is kafka.properties.sasl.username here",
	"saslplainpassword":      "it is kafka.properties.sasl.password here",
	"sslcafile":              "it is kafka.properties.ssl.ca.location here",
	"sslcertfile":            "it is kafka.properties.ssl.certificate.location here",
	"sslkeyfile":             "it is kafka.properties.ssl.key.location here",
	"fetchmaxwaitms":         "it is kafka.properties.fetch.wait.max.ms here",
	"maxpartitionfetchbytes": "it is kafka.properties.max.partition.fetch.bytes here",
	"maxpollrecords":         "boostd decides how many messages it takes at once: leave it out",
}

// unknownKey is the text about a key that there isn't: what to write instead,
// where that can be told.
func unknownKey(section, key string, known []string) string {
	plain := strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(key))
	for _, k := range known {
		if strings.ReplaceAll(k, "_", "") == plain {
			return fmt.Sprintf("unknown key, did you mean %q?", k)
		}
	}
	if instead, ok := foreign[plain]; ok {
		return "unknown key: " + instead
	}
	if property, ok := kafkaio.FindProperty(key); ok && (section == "" || section == "kafka") {
		return "unknown key: it is kafka.properties." + property + " here"
	}
	if hint := didYouMean(key, known); hint != "" {
		return "unknown key" + hint
	}
	for _, k := range known {
		short := strings.ReplaceAll(k, "_", "")
		if len(plain) > 2 && (strings.HasPrefix(short, plain) || strings.HasPrefix(plain, short)) {
			return fmt.Sprintf("unknown key, did you mean %q?", k)
		}
	}
	return "unknown key" + elsewhere(section, key)
}

// elsewhere names the keys of that name which stand in another section.
func elsewhere(section, key string) string {
	var found []string
	everyKey(reflect.TypeFor[File](), "", func(path string) {
		if path == key || strings.HasSuffix(path, "."+key) {
			found = append(found, path)
		}
	})
	if len(found) == 0 || len(found) > 3 || section == "" && found[0] == key {
		return ""
	}
	return ": it belongs elsewhere, as " + strings.Join(found, " or ")
}

// everyKey visits the paths of all keys and sections, in order; names of the
// user's own are NAME.
func everyKey(t reflect.Type, path string, visit func(path string)) {
	switch t.Kind() {
	case reflect.Pointer:
		everyKey(t.Elem(), path, visit)
	case reflect.Map:
		if t.Elem().Kind() == reflect.Struct {
			everyKey(t.Elem(), join(path, "NAME"), visit)
		}
	case reflect.Struct:
		fields, keys := fieldsOf(t)
		for _, key := range keys {
			visit(join(path, key))
			everyKey(t.FieldByIndex(fields[key]).Type, join(path, key), visit)
		}
	}
}

// didYouMean names the candidate that is nearest to a word, if one is near.
func didYouMean(word string, candidates []string) string {
	return suggest.DidYouMean(word, slices.Sorted(slices.Values(candidates)), 2)
}
