await $b24.actions.v3.batch.make({ calls: [['tasks.task.get', {}], ['tasks.task.newest', {}]] })
await $b24.actions.v2.call.make({ method: 'tasks.task.start' })
