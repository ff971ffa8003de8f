class A { Task<Dictionary<string, List<User>>> All() => Call<Dictionary<string, List<User>>>("user.get"); }
