import json, sys

for line in sys.stdin:
    m = json.loads(line)
    try:
        order = json.loads(m["value"])
        print("order", order["order_id"], "level", m["level"], file=sys.stderr)
        answer = {"result": "done"}
    except Exception as e:
        answer = {"result": "dead", "error": repr(e)}
    print(json.dumps({"id": m["id"], **answer}), flush=True)
