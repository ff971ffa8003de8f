Get($"https://{portal}/rest/1/{code}/crm.lead.{method}"); CallBitrix("tasks.task." + verb);
