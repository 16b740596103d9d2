"""Puts and reads objects as KafkaBoost's web page and package do, by boto3.

put KEY: the document on standard input becomes the object.
newest PREFIX: prints the newest settings-*.json below it, and how many there are.
"""
import json
import os
import sys

import boto3
from botocore.config import Config

bucket, action, name = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"], region_name="us-east-1",
                  config=Config(s3={"addressing_style": "path"}))

if action == "put":
    document = json.load(sys.stdin)
    s3.put_object(Bucket=bucket, Key=name, Body=json.dumps(document, indent=2).encode(), ContentType="application/json")
else:
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=name):
        found += [o for o in page.get("Contents", [])
                  if o["Key"].rsplit("/", 1)[1].startswith("settings-") and o["Key"].endswith(".json")]
    newest = max(found, key=lambda o: (o["LastModified"], o["Key"]))
    answer = s3.get_object(Bucket=bucket, Key=newest["Key"])
    print(json.dumps({"key": newest["Key"], "versions": len(found), "document": json.load(answer["Body"]),
                      "type": answer["ContentType"]}))
