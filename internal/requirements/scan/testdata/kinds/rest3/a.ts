await $b24.actions.v3.call.make<{ item: Task }>({ method: 'tasks.task.get', params: { id } })
await $b24.actions.v2.call.make({ method: 'tasks.task.start' })
