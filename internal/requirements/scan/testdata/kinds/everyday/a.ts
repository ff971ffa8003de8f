const USERS = 'user.get'
const names = ['department.get', 'event.bind']
const bind = flag ? 'placement.bind' : null
const x = 'user.update'
