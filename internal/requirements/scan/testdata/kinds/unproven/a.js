fetch(`https://${portal}/rest/1/${code}/crm.lead.${method}`); $b24.callMethod(`tasks.task.${verb}`)
