leads = await bx.list_and_get('crm.lead')
tasks = await bx.list_and_get("tasks.task")
