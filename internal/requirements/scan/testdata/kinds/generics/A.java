class A { List<Task> all() { return client.<Map<String, List<Task>>>call("user.get"); } }
