val a = post("https://$portal/rest/api/tasks.task.get", call("tasks.task.start"))
