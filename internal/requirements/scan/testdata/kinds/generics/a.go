package a

var users, err = call[map[string][]User](ctx, "user.get")
