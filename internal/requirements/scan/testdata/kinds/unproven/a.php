<?php file_get_contents("$portal/rest/$user/$code/crm.lead.$method"); $b24->call("tasks.task.{$verb}");
