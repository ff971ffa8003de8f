<?php
// What of the product a script may ask, with the classes and methods that a version has. $portal describes one; whatever
// would change something ends the test.

namespace Boxready\Test {
	function newer($than)
	{
		return version_compare($GLOBALS['portal']['main'], $than, '>=');
	}
	function wrote($what)
	{
		echo 'WROTE ', $what;
		exit;
	}
	function slow()
	{
		$until = microtime(true) + 60;
		while (microtime(true) < $until) {
			md5('x');
		}
	}
}

namespace Bitrix\Main {
	class SystemException extends \Exception
	{
	}
	class Date
	{
		private $time;
		public function __construct($text)
		{
			$this->time = strtotime($text . ' UTC');
		}
		public function format($format)
		{
			return gmdate($format, $this->time);
		}
		public function getTimestamp()
		{
			return $this->time;
		}
	}
	class ModuleManager
	{
		public static function getInstalledModules()
		{
			$list = array();
			foreach ($GLOBALS['portal']['modules'] as $id => $version) {
				$list[$id] = array('ID' => $id);
			}
			return $list;
		}
		public static function getVersion($id)
		{
			return isset($GLOBALS['portal']['modules'][$id]) ? $GLOBALS['portal']['modules'][$id] : false;
		}
		public static function isModuleInstalled($id)
		{
			return isset($GLOBALS['portal']['modules'][$id]);
		}
		public static function __callStatic($name, $arguments)
		{
			\Boxready\Test\wrote($name);
		}
	}
	class Loader
	{
		public static function includeModule($id)
		{
			if (!empty($GLOBALS['portal']['hang']) && $GLOBALS['portal']['hang'] === 'memory') {
				$all = array();
				while (true) {
					$all[] = str_repeat('x', 100000);
				}
			}
			if (!empty($GLOBALS['portal']['hang']) && $GLOBALS['portal']['hang'] === 'time') {
				\Boxready\Test\slow();
			}
			return isset($GLOBALS['portal']['modules'][$id]);
		}
	}
	class LicenseStub
	{
		public function getRegion()
		{
			return $GLOBALS['portal']['region'];
		}
		public function getName()
		{
			return 'Энтерпрайз';
		}
		public function getExpireDate()
		{
			return empty($GLOBALS['portal']['ends']) ? null : new Date($GLOBALS['portal']['ends']);
		}
		public function getSupportExpireDate()
		{
			return new Date($GLOBALS['portal']['support_ends']);
		}
		public function isDemo()
		{
			return false;
		}
		public function isTimeBound()
		{
			return !empty($GLOBALS['portal']['ends']);
		}
		public function getKey()
		{
			\Boxready\Test\wrote('the licence key');
		}
	}
	class Result
	{
		private $rows;
		public function __construct($rows)
		{
			$this->rows = $rows;
		}
		public function fetch()
		{
			$row = array_shift($this->rows);
			if (!$row) {
				return false;
			}
			foreach ($row as $name => $value) {
				if (is_string($value) && preg_match('/^\d{4}-\d\d-\d\d( |$)/', $value)) {
					$row[$name] = new Date($value); // the product makes objects of days and times
				} elseif (is_string($value) && !empty($GLOBALS['portal']['charset'])) {
					$row[$name] = iconv('UTF-8', $GLOBALS['portal']['charset'], $value);
				}
			}
			return $row;
		}
	}
	class Connection
	{
		public function isTableExists($name)
		{
			return isset($GLOBALS['portal']['tables'][$name]);
		}
		public function query($sql)
		{
			if (!preg_match('/^SELECT /', $sql) || preg_match('/;|\b(INTO|UPDATE|INSERT|DELETE|SET|DROP|ALTER|CALL)\b/i', $sql)) {
				\Boxready\Test\wrote($sql);
			}
			if (!empty($GLOBALS['portal']['denied'])) {
				throw new SystemException('Mysql query error: (1142) SELECT command denied to user');
			}
			if (strpos($sql, 'TIME_ZONE') !== false) {
				if ((strpos($sql, '@@') !== false) !== ($this->getType() === 'mysql')) {
					throw new SystemException('Syntax error in ' . $sql);
				}
				return new Result(array(array('TIME_ZONE' => 'SYSTEM')));
			}
			if (strpos($sql, 'LOCALTIMESTAMP') !== false) {
				return new Result(array(array('TIME_NOW' => $GLOBALS['portal']['now'])));
			}
			preg_match('/ FROM (\w+)/', $sql, $m);
			if (!isset($GLOBALS['portal']['tables'][$m[1]])) {
				throw new SystemException('Mysql query error: (1146) Table \'' . $m[1] . '\' doesn\'t exist');
			}
			$rows = $GLOBALS['portal']['tables'][$m[1]];
			if (strpos($sql, 'COUNT(*)') !== false && strpos($sql, 'GROUP BY') === false) {
				return new Result(array(array('CNT' => (string)count($rows))));
			}
			preg_match('/^SELECT (.*?) FROM/', $sql, $columns);
			$wanted = array();
			foreach (explode(', ', $columns[1]) as $column) {
				$wanted[preg_match('/ AS (\w+)$/', $column, $as) ? $as[1] : $column] = true;
			}
			$list = array();
			foreach ($rows as $row) {
				if (strpos($sql, 'MODULE_ID') !== false ? isset($row['NAME']) : !isset($row['NAME']) || isset($wanted['NAME'])) {
					$list[] = array_intersect_key($row, $wanted);
				}
			}
			return new Result(array_values(array_filter($list)));
		}
		public function getVersion()
		{
			return array('8.0.36', null);
		}
		public function getType()
		{
			return empty($GLOBALS['portal']['database']) ? 'mysql' : $GLOBALS['portal']['database'];
		}
		public function __call($name, $arguments)
		{
			\Boxready\Test\wrote($name);
		}
	}
	class OldApplication
	{
		public static function getInstance()
		{
			return new static();
		}
		public static function getConnection()
		{
			return new Connection();
		}
	}
	class NewApplication extends OldApplication
	{
		public function getLicense()
		{
			return new LicenseStub();
		}
	}
	class_alias(\Boxready\Test\newer('22.0.0') ? 'Bitrix\Main\NewApplication' : 'Bitrix\Main\OldApplication', 'Bitrix\Main\Application');

	class EventManager
	{
		public static function getInstance()
		{
			return new self();
		}
		public function findEventHandlers($module, $event)
		{
			$all = $GLOBALS['portal']['handlers'];
			return isset($all[strtolower($event)]) ? $all[strtolower($event)] : array();
		}
		public function __call($name, $arguments)
		{
			\Boxready\Test\wrote($name);
		}
	}
	class Request
	{
		public function isHttps()
		{
			return isset($_SERVER['SERVER_PORT']) && $_SERVER['SERVER_PORT'] == 443 || !empty($_SERVER['HTTPS']) && strtolower($_SERVER['HTTPS']) !== 'off';
		}
	}
	class Context
	{
		public static function getCurrent()
		{
			return new self();
		}
		public function getRequest()
		{
			return new Request();
		}
	}
}

namespace Bitrix\Main\Config {
	class Option
	{
		public static function get($module, $name, $default = '', $site = false)
		{
			$options = $GLOBALS['portal']['options'];
			return isset($options[$module][$name]) ? $options[$module][$name] : $default;
		}
		public static function __callStatic($name, $arguments)
		{
			\Boxready\Test\wrote($name);
		}
	}
	class Configuration
	{
		public static function getValue($name)
		{
			if (!empty($GLOBALS['portal']['broken_settings'])) {
				throw new \ParseError('syntax error, unexpected end of file');
			}
			$settings = $GLOBALS['portal']['settings'];
			return isset($settings[$name]) ? $settings[$name] : null;
		}
		public static function __callStatic($name, $arguments)
		{
			\Boxready\Test\wrote($name);
		}
	}
}

namespace Bitrix\Main\Web {
	// As of main 20 the errors had one key for each kind of failure, later one for all of them.
	class HttpClient
	{
		private $options;
		private $status = 0;
		private $errors = array();
		private $headers = array();
		public function __construct($options = null)
		{
			$this->options = (array)$options + (array)\Bitrix\Main\Config\Configuration::getValue('http_client_options');
		}
		public function setHeader($name, $value, $replace = true)
		{
			$this->headers[] = $name . ': ' . $value;
		}
		public function get($url)
		{
			if (!empty($this->options['proxyHost'])) {
				$this->errors[\Boxready\Test\newer('23.0.0') ? 'NETWORK' : 'CONNECTION'] = 'Error receiving the CONNECT response from the proxy: ';
				return false;
			}
			$context = stream_context_create(array(
				'http' => array('timeout' => $this->options['streamTimeout'], 'ignore_errors' => true, 'header' => implode("\r\n", $this->headers), 'follow_location' => 0),
			));
			$message = '';
			set_error_handler(function ($level, $text) use (&$message) {
				$message = $text;
				return true;
			});
			$body = file_get_contents($url, false, $context);
			restore_error_handler();
			if ($body === false) {
				$this->errors[\Boxready\Test\newer('23.0.0') ? 'NETWORK' : 'CONNECTION'] = $message;
				return false;
			}
			preg_match('/^HTTP\S* (\d+)/', $http_response_header[0], $m);
			$this->status = (int)$m[1];
			return $body;
		}
		public function getStatus()
		{
			return $this->status;
		}
		public function getError()
		{
			return $this->errors;
		}
		public function __call($name, $arguments)
		{
			\Boxready\Test\wrote('HttpClient::' . $name);
		}
	}
}

namespace Bitrix\Rest {
	// How the address of the authorization server is known, by the version of module rest.
	$rest = $GLOBALS['portal']['modules']['rest'];
	if (!defined('BITRIXREST_URL')) {
		define('BITRIXREST_URL', $GLOBALS['portal']['auth_server']);
	}
	class OldOAuthService
	{
		const SERVICE_URL = BITRIXREST_URL;
		public static function getRedirectUri()
		{
			$https = \Bitrix\Main\Context::getCurrent()->getRequest()->isHttps();
			return ($https ? 'https' : 'http') . '://' . preg_replace('/:(443|80)$/', '', defined('BX24_HOST_NAME') ? BX24_HOST_NAME : $_SERVER['HTTP_HOST']);
		}
		public static function __callStatic($name, $arguments)
		{
			\Boxready\Test\wrote('OAuthService::' . $name);
		}
	}
	class NewOAuthService
	{
		public static function getRedirectUri()
		{
			return OldOAuthService::getRedirectUri();
		}
		public static function __callStatic($name, $arguments)
		{
			\Boxready\Test\wrote('OAuthService::' . $name);
		}
	}
	class_alias(version_compare($rest, '26.0.0', '>=') ? 'Bitrix\Rest\NewOAuthService' : 'Bitrix\Rest\OldOAuthService', 'Bitrix\Rest\OAuthService');
}

namespace {
	foreach (isset($portal['constants']) ? $portal['constants'] : array() as $name => $value) {
		define($name, $value);
	}
	class CRestUtil
	{
		public static function __callStatic($name, $arguments)
		{
			\Boxready\Test\wrote('CRestUtil::' . $name);
		}
	}
}
