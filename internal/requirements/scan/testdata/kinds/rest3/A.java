class A { Object a = post(portal + "/rest/api/tasks.task.get", call("tasks.task.start")); }
