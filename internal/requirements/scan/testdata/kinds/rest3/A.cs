class A { object a = Post($"https://{portal}/rest/api/tasks.task.get", Call("tasks.task.start")); }
