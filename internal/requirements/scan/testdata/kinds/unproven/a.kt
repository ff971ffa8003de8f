get("https://$portal/rest/1/$code/crm.lead.$method"); callBitrix("tasks.task.$verb")
