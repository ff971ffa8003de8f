<?php
// The product's page /bitrix/admin/php_command_line.php as far as a script notices it, for "php -S": the script comes by POST
// and is evaluated, its output is escaped, and the time stands under it. The portal around it is described by "portal", JSON.
error_reporting(E_ALL);
register_shutdown_function(function () {
	$e = error_get_last();
	if ($e !== null && in_array($e['type'], array(E_ERROR, E_PARSE))) {
		@ob_end_clean();
		echo '<h2>Ошибка&nbsp;</h2><p><b>', $e['type'] === E_PARSE ? 'Parse error' : 'Fatal error', '</b>: ', htmlspecialchars($e['message']);
	}
});
$_SERVER = array('DOCUMENT_ROOT' => $_SERVER['DOCUMENT_ROOT']) + (array)json_decode($_POST['server'], true);
$portal = json_decode($_POST['portal'], true);
require __DIR__ . '/product.php';
if (!empty($portal['strict'])) {
	set_error_handler(function ($level, $message, $file, $line) {
		throw new \ErrorException($message, 0, $level, $file, $line);
	});
}
$asText = $_POST['result_as_text'] === 'y';
echo '<h2>Результат выполнения</h2>';
ob_start(function ($content) use ($asText) {
	return $asText ? '<pre>' . htmlspecialchars($content, ENT_COMPAT | ENT_SUBSTITUTE) . '</pre>' : '<p>' . $content . '</e>';
});
$query = rtrim($_POST['query'], ";\x20\n") . ";\n";
$stime = microtime(true);
eval($query);
ob_end_flush();
printf('<hr>Время выполнения: %0.6f', microtime(true) - $stime);
