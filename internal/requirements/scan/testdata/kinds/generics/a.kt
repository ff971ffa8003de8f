val a = client.call<Map<String, List<User>>>("user.get")
