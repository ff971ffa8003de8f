const a = await this.run<Record<string, Stage>>('task.stages.get', { id })
const b = await run<Array<Map<string, Array<User>>>>('user.get')
if (a < b && call<{ result: Array<User> }>('user.search')) c = b > a
