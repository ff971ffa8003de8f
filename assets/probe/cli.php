<?php
// On the command line, the product has to be loaded first, without agents and statistics.
$_SERVER['DOCUMENT_ROOT'] = '{{.Root}}';
foreach (array('NO_KEEP_STATISTIC', 'STOP_STATISTICS', 'NO_AGENT_STATISTIC', 'NO_AGENT_CHECK', 'NOT_CHECK_PERMISSIONS', 'DisableEventsCheck', 'BX_NO_ACCELERATOR_RESET') as $name) {
	define($name, true);
}
// If the product ends the script, the output tells so.
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
	// The product's cache files must belong to the owner of the portal's files, or the web server can't change them.
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
