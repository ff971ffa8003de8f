requests.post(f"https://{portal}/rest/api/tasks.task.get", json={})
bx.call("tasks.task.start")
