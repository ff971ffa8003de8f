USERS = 'user.get'
NAMES = %w[department.get event.bind]
bind = flag ? 'placement.bind' : nil
x = 'user.update'
