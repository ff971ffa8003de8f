USERS = "user.get"
NAMES = ["department.get", "event.bind"]
bind = "placement.bind" if flag else None
x = "user.update"
