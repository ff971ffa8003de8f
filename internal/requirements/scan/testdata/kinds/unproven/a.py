requests.post(f"https://{portal}/rest/1/{code}/crm.lead.{method}"); b24.call("tasks.task." + verb)
