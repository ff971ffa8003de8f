HTTP.get("https://#{portal}/rest/1/#{code}/crm.lead.#{method}"); bitrix.call("tasks.task.#{verb}")
