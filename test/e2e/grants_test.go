package e2e

import (
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// grants returns a function that allows a user to read a topic or a group, or
// takes that back.
func grants(t *testing.T, brokers []string, user string) func(kind, name string, allowed bool) {
	t.Helper()
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": strings.Join(brokers, ",")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return func(kind, name string, allowed bool) {
		t.Helper()
		resource := map[string]kafka.ResourceType{"topic": kafka.ResourceTopic, "group": kafka.ResourceGroup}[kind]
		acl := kafka.ACLBinding{Type: resource, Name: name, ResourcePatternType: kafka.ResourcePatternTypeLiteral,
			Principal: "User:" + user, Host: "*", Operation: kafka.ACLOperationRead, PermissionType: kafka.ACLPermissionTypeAllow}
		var err error
		if allowed {
			_, err = admin.CreateACLs(t.Context(), kafka.ACLBindings{acl})
		} else {
			_, err = admin.DeleteACLs(t.Context(), kafka.ACLBindingFilters{acl})
		}
		if err != nil {
			t.Fatalf("change the permission of %s %s: %v", kind, name, err)
		}
	}
}

// coordinator is the id of the broker that coordinates a group.
func coordinator(t *testing.T, brokers []string, group string) int {
	t.Helper()
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": strings.Join(brokers, ",")})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	answer, err := admin.DescribeConsumerGroups(t.Context(), []string{group})
	if err != nil {
		t.Fatal(err)
	}
	return answer.ConsumerGroupDescriptions[0].Coordinator.ID
}
