"""Points the unchanged KafkaBoost at a local settings server.

What it prints goes to standard error: standard output is for the test.
"""
import json
import sys

out, sys.stdout = sys.stdout, sys.stderr

import kafkaboost.s3_config_manager as manager


def use(url):
    manager.S3ConfigManager.LAMBDA_CONFIG_URL = url


def tell(**fields):
    print(json.dumps(fields), file=out, flush=True)
