# Reads {schemas: {name: schema}, samples: [{schema: name, value}]} and writes whether each sample is valid. It ends with an error
# if python3-jsonschema doesn't take a schema.
import json
import sys

from jsonschema import Draft202012Validator

given = json.load(sys.stdin)
for schema in given["schemas"].values():
    Draft202012Validator.check_schema(schema)
validate = {name: Draft202012Validator(schema) for name, schema in given["schemas"].items()}
json.dump([validate[s["schema"]].is_valid(s["value"]) for s in given["samples"]], sys.stdout)
