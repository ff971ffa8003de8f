<?php file_get_contents("https://portal.example/rest/api/1/code/tasks.task.get"); call('tasks.task.start');
