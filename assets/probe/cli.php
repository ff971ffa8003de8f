<?php
// By the command line, the product has to be loaded first. Nothing of it is run besides: no agents, no statistics.
$_SERVER['DOCUMENT_ROOT'] = '{{.Root}}';
foreach (array('NO_KEEP_STATISTIC', 'STOP_STATISTICS', 'NO_AGENT_STATISTIC', 'NO_AGENT_CHECK', 'NOT_CHECK_PERMISSIONS', 'DisableEventsCheck', 'BX_NO_ACCELERATOR_RESET') as $name) {
	define($name, true);
}
// Should the product end the script, it shall be known that it did.
$boxready = 'loading';
register_shutdown_function(function () use (&$boxready) {
	if ($boxready === 'loading') {
		echo "\n", 'BOXREADY-PROBE-', "NOT-LOADED\n";
	}
});
$boxready_prolog = $_SERVER['DOCUMENT_ROOT'] . '/bitrix/modules/main/include/prolog_before.php';
if (!is_file($boxready_prolog)) {
	$boxready = 'not-found';
} else {
	// What the product keeps in its cache must belong to whom the portal's files belong to, or the web server can't change it.
	if (function_exists('posix_geteuid') && posix_geteuid() === 0) {
		posix_setgid(filegroup($boxready_prolog)) && posix_setuid(fileowner($boxready_prolog));
	}
	if (DIRECTORY_SEPARATOR === '/' && (!function_exists('posix_geteuid') || posix_geteuid() !== fileowner($boxready_prolog))) {
		$boxready = 'other-user';
	} else {
		require $boxready_prolog;
		$boxready = 'loaded';
	}
}
