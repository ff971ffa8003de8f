"""Runs a refresh script against many lists of addresses, and writes what it would have done with each."""
import importlib.util
import json
import sys

script, target, urls = sys.argv[1], sys.argv[2], sys.argv[3:]
spec = importlib.util.spec_from_file_location("refresh", script)
refresh = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh)
sys.argv = [script, target]

for url in urls:
    runs = []

    def run(command, stdin=None):
        runs.append({"command": command, "stdin": stdin or ""})
        return "198.51.100.21\n192.0.2.7\n" if "--get-entries" in command else ""

    refresh.URLS, refresh.run = url.split("|"), run
    try:
        refresh.main()
        error = ""
    except Exception as problem:
        error = "%s: %s" % (type(problem).__name__, problem)
    print(json.dumps({"error": error, "runs": runs}))
