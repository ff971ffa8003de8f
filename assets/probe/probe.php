//title: BoxReady
// BoxReady checks what REST applications need of this portal, on the portal's own server. It changes nothing: it reads
// settings, lists and dates, sends the authorization servers one request without credentials, and opens connections to the vendor's
// other hosts and to the portal's own address without sending anything. It prints no keys, passwords, tokens or personal data, and
// ends within about half a minute. Paste its whole output into BoxReady.
call_user_func(function () {
	$started = microtime(true);
	$answer = array(
		'kind' => 'php',
		'nonce' => '{{.Nonce}}', 'asked' => '{{.Portal}}', // of this copy of the script
		'time' => gmdate('Y-m-d\TH:i:s\Z'),
		'sapi' => PHP_SAPI, 'failed' => array(),
	);
	$servers = array({{range $i, $s := .Servers}}{{if $i}}, {{end}}'{{$s}}'{{end}}); // authorization servers
	// Other hosts of the vendor for updates, the Market and notifications, each with its region.
	$others = array({{range .Regional}}
		array('{{.Region}}', '{{.URL}}'),{{end}}
	);
	$cis = array({{range $i, $s := .CIS}}{{if $i}}, {{end}}'{{$s}}'{{end}}); // licences of the first region

	// Calls a PHP function unless it is disabled here.
	$call = function ($name, ...$arguments) {
		return function_exists($name) ? $name(...$arguments) : null;
	};

	// Prints the answer as compressed JSON, with a checksum that reveals a damaged copy.
	$printed = false;
	$print = function () use (&$answer, &$printed, $started, $call) {
		$printed = true;
		$answer['took_ms'] = (int)round((microtime(true) - $started) * 1000);
		$answer['failed'] = (object)$answer['failed'];
		$json = json_encode($answer, JSON_UNESCAPED_SLASHES | JSON_PARTIAL_OUTPUT_ON_ERROR);
		$packed = $call('gzencode', $json, 9);
		echo "\n\n", 'BOXREADY-PROBE-', "BEGIN\n",
			'v:1;packed:', $packed ? 'gzip' : 'no', ';sha256:', $call('hash', 'sha256', $json), ";data:\n",
			chunk_split(base64_encode($packed ? $packed : $json), 76, "\n"), ";\n", 'BOXREADY-PROBE-', "END\n\n";
	};
	// If the script is stopped by a limit, it still prints what it has.
	$reserve = str_repeat(' ', 262144);
	$call('register_shutdown_function', function () use (&$answer, &$printed, &$reserve, $print) {
		if (!$printed) {
			$reserve = null;
			$last = error_get_last();
			$answer['stopped'] = isset($last['message']) ? substr(preg_replace('/[^\x20-\x7E]+/', '?', $last['message']), 0, 200) : 'ended';
			$print();
		}
	});
	// Warnings must not be printed into the answer; they may explain a failure.
	$warning = '';
	$call('set_error_handler', function ($level, $message) use (&$warning) {
		$warning .= $message . ' ';
		return true;
	});

	// A printable text: valid UTF-8, and short.
	$text = function ($value, $most = 200) use ($call) {
		$value = is_scalar($value) ? (string)$value : '';
		if (!preg_match('//u', $value)) {
			$converted = $call('iconv', 'CP1251', 'UTF-8//IGNORE', $value);
			$value = is_string($converted) ? $converted : preg_replace('/[^\x20-\x7E]/', '?', $value);
		}
		return preg_match('/^.{0,' . $most . '}/us', $value, $cut) ? $cut[0] : '';
	};
	$day = function ($date) {
		return is_object($date) && method_exists($date, 'format') ? $date->format('Y-m-d') : (is_string($date) ? substr($date, 0, 10) : '');
	};
	$seconds = function ($date) {
		return is_object($date) && method_exists($date, 'getTimestamp') ? $date->getTimestamp() : (int)strtotime((string)$date);
	};
	$option = function ($module, $name) use ($text) {
		return $text(\Bitrix\Main\Config\Option::get($module, $name, ''));
	};
	$constant = function ($name) use ($text) {
		return defined($name) ? $text(constant($name)) : '';
	};
	$server = function ($name) use ($text) {
		return isset($_SERVER[$name]) ? $text($_SERVER[$name]) : '';
	};
	// All rows of a database query, up to a thousand.
	$rows = function ($sql) {
		$rows = array();
		$result = \Bitrix\Main\Application::getConnection()->query($sql);
		while (count($rows) < 1000 && ($row = $result->fetch())) {
			$rows[] = $row;
		}
		return $rows;
	};
	$has = function ($table) {
		return \Bitrix\Main\Application::getConnection()->isTableExists($table);
	};
	$product = class_exists('Bitrix\Main\Application');
	// One part of the answer. If it fails, the others are still printed.
	$part = function ($name, $needsProduct, $collect) use (&$answer, $product, $text) {
		if ($needsProduct && !$product) {
			return;
		}
		try {
			$answer[$name] = $collect();
		} catch (\Throwable $e) {
			$answer['failed'][$name] = $text(get_class($e) . ': ' . $e->getMessage());
		}
	};

	$answer['product'] = $product;
	if (!$product) {
		$answer['failed']['product'] = isset($GLOBALS['boxready']) ? $GLOBALS['boxready'] : 'not-found'; // set by the code that loads it
	} else {
		try {
			$answer['rest_loads'] = \Bitrix\Main\Loader::includeModule('rest');
		} catch (\Throwable $e) {
			$answer['failed']['rest_loads'] = $text(get_class($e) . ': ' . $e->getMessage());
		}
	}

	$part('php', false, function () use ($product, $call, $text) {
		$missing = array();
		foreach (array(
			'fsockopen' => 'fsockopen', 'openssl_encrypt' => 'openssl', 'hash' => 'hash', 'json_encode' => 'json', 'mb_substr' => 'mbstring',
			'xml_parser_create' => 'xml', 'gzcompress' => 'zlib', 'imagecreatetruecolor' => 'gd', 'imagettftext' => 'gd (FreeType)',
		) as $function => $extension) {
			if (!function_exists($function)) {
				$missing[] = $extension;
			}
		}
		if (!in_array('ssl', (array)$call('stream_get_transports'))) {
			$missing[] = 'ssl';
		}
		if ($product && \Bitrix\Main\ModuleManager::isModuleInstalled('intranet')) {
			foreach (array('DOMDocument' => 'dom', 'ZipArchive' => 'zip') as $class => $extension) {
				if (!class_exists($class)) {
					$missing[] = $extension;
				}
			}
		}
		$settings = array();
		foreach (array('memory_limit', 'max_execution_time', 'default_socket_timeout', 'max_input_vars', 'post_max_size', 'disable_functions',
			'openssl.cafile', 'openssl.capath', 'mbstring.func_overload') as $name) {
			$settings[$name] = $text($call('ini_get', $name), 1000);
		}
		// The file with the root certificates that PHP trusts.
		$store = array();
		$places = $call('openssl_get_cert_locations');
		$file = $settings['openssl.cafile'] ? $settings['openssl.cafile'] : (isset($places['default_cert_file']) ? $places['default_cert_file'] : '');
		if ($file !== '') {
			$store = array('file' => $text($file), 'readable' => (bool)$call('is_readable', $file));
			if ($store['readable'] && (int)$call('filesize', $file) < 2000000) {
				$store['changed'] = gmdate('Y-m-d', (int)$call('filemtime', $file));
				$store['certificates'] = substr_count((string)$call('file_get_contents', $file), 'BEGIN CERTIFICATE');
			}
		}
		return array(
			'version' => PHP_VERSION, 'openssl' => defined('OPENSSL_VERSION_TEXT') ? OPENSSL_VERSION_TEXT : '', 'missing' => $missing,
			'settings' => (object)$settings, 'store' => (object)$store, 'system' => $text($call('php_uname')),
			'environment' => $text($call('getenv', 'BITRIX_VA_VER')),
		);
	});

	$part('modules', true, function () use ($text) {
		$modules = array();
		foreach (array_keys(\Bitrix\Main\ModuleManager::getInstalledModules()) as $id) {
			$modules[$id] = $text(\Bitrix\Main\ModuleManager::getVersion($id));
		}
		return (object)$modules;
	});

	$part('database', true, function () use ($text) {
		$connection = \Bitrix\Main\Application::getConnection();
		$version = $connection->getVersion();
		return array('type' => $text($connection->getType()), 'version' => $text(is_array($version) ? reset($version) : $version));
	});

	$part('names', true, function () use ($option, $server, $rows, $has, $text) {
		$names = array($server('HTTP_HOST'), $option('main', 'server_name'));
		foreach ($has('b_lang') ? $rows("SELECT SERVER_NAME FROM b_lang WHERE ACTIVE = 'Y'") : array() as $row) {
			$names[] = $text($row['SERVER_NAME']);
		}
		foreach ($has('b_lang_domain') ? $rows('SELECT DOMAIN FROM b_lang_domain') : array() as $row) {
			$names[] = $text($row['DOMAIN']);
		}
		return array_values(array_unique(array_filter($names)));
	});

	$part('licence', true, function () use ($option, $day, $text) {
		$licence = array(
			'region' => $option('main', '~PARAM_CLIENT_LANG'), 'support_ends' => $option('main', '~support_finish_date'),
			'name' => $option('main', '~license_name'), 'market' => $option('main', '~mp24_paid'),
			'market_ends' => (int)$option('main', '~mp24_paid_date') > 0 ? gmdate('Y-m-d', (int)$option('main', '~mp24_paid_date')) : '',
		);
		$application = \Bitrix\Main\Application::getInstance();
		if (!method_exists($application, 'getLicense')) {
			return $licence; // main before 2022 or so
		}
		$key = $application->getLicense();
		if (method_exists($key, 'getRegion')) {
			$licence['region'] = $text($key->getRegion());
		}
		if (method_exists($key, 'getName')) {
			$licence['name'] = $text($key->getName());
		}
		if (method_exists($key, 'getExpireDate')) {
			$licence['ends'] = $day($key->getExpireDate());
		}
		if (method_exists($key, 'getSupportExpireDate')) {
			$licence['support_ends'] = $day($key->getSupportExpireDate());
		}
		if (method_exists($key, 'isDemo')) {
			$licence['demo'] = $key->isDemo();
		}
		if (method_exists($key, 'isTimeBound')) {
			$licence['time_bound'] = $key->isTimeBound();
		}
		return $licence;
	});

	$part('registration', true, function () use ($option, $constant, $text) {
		$id = $option('rest', 'service_client_id');
		$registration = array(
			'registered' => $id !== '', 'member_id' => $id === '' ? '' : md5($id), // never the identifier itself
			'server' => $constant('Bitrix\Rest\OAuthService::SERVICE_URL'), 'server_option' => $option('rest', 'oauth_server'),
			'host_constant' => $constant('BX24_HOST_NAME'),
		);
		if ($registration['server'] === '') {
			$registration['server'] = $constant('BITRIXREST_URL');
		}
		// On the command line there is no request whose address could be reported.
		if (PHP_SAPI !== 'cli' && method_exists('Bitrix\Rest\OAuthService', 'getRedirectUri')) {
			$registration['reports'] = $text(\Bitrix\Rest\OAuthService::getRedirectUri());
		}
		return $registration;
	});

	$part('https', true, function () use ($server, $constant) {
		if (PHP_SAPI === 'cli') {
			return null;
		}
		$page = $server('HTTP_ORIGIN');
		if (!preg_match('#^https?://#', $page)) {
			$page = $server('HTTP_REFERER');
		}
		return array(
			'seen' => \Bitrix\Main\Context::getCurrent()->getRequest()->isHttps(),
			'browser' => preg_match('#^https?://[^/]+#', $page, $match) ? $match[0] : '', // scheme and host of the page in the browser
			'host' => $server('HTTP_HOST'), 'port' => $server('SERVER_PORT'), 'https' => $server('HTTPS'),
			'forwarded_proto' => $server('HTTP_X_FORWARDED_PROTO'),
			'setting' => \Bitrix\Main\Config\Configuration::getValue('https_request') === true,
			'webhooks_over_http' => $constant('REST_APAUTH_ALLOW_HTTP') !== '',
		);
	});

	$part('proxies', true, function () use ($option, $text) {
		$http = \Bitrix\Main\Config\Configuration::getValue('http_client_options');
		$http = is_array($http) ? $http : array();
		$value = function ($name) use ($http, $text) {
			return isset($http[$name]) ? $text($http[$name]) : '';
		};
		$host = function ($address) {
			return preg_replace('#^.*@#', '', $address); // without user name and password
		};
		return array(
			'rest' => array('host' => $host($value('proxyHost')), 'port' => $value('proxyPort'), 'user' => $value('proxyUser') !== ''),
			'updates' => array(
				'host' => $host($option('main', 'update_site_proxy_addr')), 'port' => $option('main', 'update_site_proxy_port'),
				'user' => $option('main', 'update_site_proxy_user') !== '',
			),
			'curl' => $value('useCurl') !== '', 'unverified' => $value('disableSslVerification') !== '',
		);
	});

	$part('applications', true, function () use ($rows, $has, $text, $day) {
		$applications = array();
		foreach ($has('b_rest_app') ? $rows('SELECT CODE, APP_NAME, STATUS, ACTIVE, INSTALLED, DATE_FINISH FROM b_rest_app ORDER BY ID') : array() as $row) {
			$applications[] = array(
				'code' => $text($row['CODE']), 'name' => $text($row['APP_NAME']), 'status' => $text($row['STATUS']),
				'active' => $row['ACTIVE'] === 'Y', 'installed' => $row['INSTALLED'] === 'Y', 'ends' => $day($row['DATE_FINISH']),
			);
		}
		return $applications;
	});

	$part('handlers', true, function () use ($text) {
		$list = function ($event) use ($text) {
			$handlers = array();
			foreach (\Bitrix\Main\EventManager::getInstance()->findEventHandlers('rest', $event) as $handler) {
				$name = isset($handler['TO_CLASS']) ? $handler['TO_CLASS'] : '';
				if ($name === '' && isset($handler['CALLBACK'])) {
					$to = $handler['CALLBACK'];
					$first = is_array($to) ? reset($to) : $to;
					$name = is_object($first) ? get_class($first) : $first;
				}
				$handlers[] = array('module' => $text(isset($handler['TO_MODULE_ID']) ? $handler['TO_MODULE_ID'] : ''), 'class' => ltrim($text($name), '\\'));
			}
			return $handlers;
		};
		return array('authorization' => $list('OnRestCheckAuth'), 'events' => $list('onEventManagerInitialize'));
	});

	$part('setup', true, function () use ($option, $constant, $rows, $has) {
		$count = function ($table, $where = '1 = 1') use ($rows, $has) {
			$found = $has($table) ? $rows('SELECT COUNT(*) AS CNT FROM ' . $table . ' WHERE ' . $where) : array();
			return $found ? (int)reset($found[0]) : 0;
		};
		return array(
			'site_stopped' => $option('main', 'site_stopped') === 'Y', 'access_active' => $option('rest', 'access_active'),
			'subscription_available' => $option('rest', 'subscription_available'), 'load_limiter_active' => $option('rest', 'load_limiter_active'),
			'log_ends' => (int)$option('rest', 'log_end_time'), 'log_file' => $constant('LOG_FILENAME') !== '',
			'event_handlers' => $count('b_rest_event'), 'offline_events' => $count('b_rest_event_offline'), 'webhooks' => $count('b_rest_ap', "ACTIVE = 'Y'"),
			'oauth_module' => \Bitrix\Main\ModuleManager::isModuleInstalled('oauth'),
		);
	});

	$part('agents', true, function () use ($option, $constant, $rows, $seconds, $text) {
		$agents = array(
			'check_agents' => $option('main', 'check_agents'), 'use_crontab' => $option('main', 'agents_use_crontab'),
			'crontab_support' => $constant('BX_CRONTAB_SUPPORT') !== '', 'rest' => array(),
		);
		// The database's own clock: agents use it, and its time zone may differ.
		$now = $rows('SELECT LOCALTIMESTAMP AS TIME_NOW');
		$now = $now ? $seconds($now[0]['TIME_NOW']) : 0;
		foreach ($rows("SELECT IS_PERIOD, MAX(LAST_EXEC) AS LAST_RUN FROM b_agent WHERE ACTIVE = 'Y' GROUP BY IS_PERIOD") as $row) {
			if ($now && $row['LAST_RUN']) {
				$agents[$row['IS_PERIOD'] === 'Y' ? 'periodic_age_s' : 'age_s'] = $now - $seconds($row['LAST_RUN']);
			}
		}
		foreach ($rows("SELECT NAME, ACTIVE FROM b_agent WHERE MODULE_ID = 'rest' ORDER BY NAME") as $row) {
			if (count($agents['rest']) < 30) {
				$agents['rest'][] = array('name' => $text($row['NAME']), 'active' => $row['ACTIVE'] === 'Y');
			}
		}
		return $agents;
	});

	// The product's own quota, in its terms, and what is free on the disk.
	$part('disk', true, function () use ($option, $server, $call) {
		$quota = (int)$option('main', 'disk_space');
		$used = (float)$option('main_size', '~db') + (float)$option('main_size', '~files');
		$free = $call('disk_free_space', $server('DOCUMENT_ROOT'));
		return array('quota_mb' => $quota, 'quota_left_mb' => $quota ? $quota - (int)round($used / 1048576) : null, 'free_mb' => $free ? (int)($free / 1048576) : null);
	});

	// The time zones, and by how much the database's clock differs from PHP's.
	$part('clocks', true, function () use ($rows, $seconds, $text, $call) {
		$queries = array('mysql' => 'SELECT @@session.time_zone AS TIME_ZONE', 'pgsql' => "SELECT CURRENT_SETTING('TimeZone') AS TIME_ZONE");
		$type = \Bitrix\Main\Application::getConnection()->getType();
		$zone = isset($queries[$type]) ? $rows($queries[$type]) : array();
		$now = $rows('SELECT LOCALTIMESTAMP AS TIME_NOW');
		return array(
			'php' => $text($call('date_default_timezone_get')), 'database' => $zone ? $text(reset($zone[0])) : '',
			'database_off_s' => $now ? $seconds($now[0]['TIME_NOW']) - time() : null,
		);
	});

	$part('usage', true, function () use ($rows, $has, $day) {
		if (!$has('b_rest_usage_stat')) {
			return null;
		}
		$unsent = $rows("SELECT MIN(STAT_DATE) AS OLDEST, COUNT(DISTINCT STAT_DATE) AS DAYS FROM b_rest_usage_stat WHERE IS_SENT = 'N' AND STAT_DATE < CURRENT_DATE");
		return array('unsent_days' => (int)$unsent[0]['DAYS'], 'oldest' => $day($unsent[0]['OLDEST']));
	});

	// What is asked in the network shares one deadline: several hosts may be silent. At least a second is left for each question.
	$left = function ($most) use ($started) {
		return max(1, min($most, 25 - (microtime(true) - $started)));
	};
	$expired = function ($name, $after) use (&$answer, $started) {
		if (microtime(true) - $started > $after) {
			$answer['failed'][$name] = 'no time left';
		}
		return microtime(true) - $started > $after;
	};
	// A connection, layer by layer, with certificates verified as PHP does it. Nothing is sent.
	$connect = function ($name, $port, $encrypted = true) use (&$warning, $call, $text, $left) {
		$host = array('host' => $name, 'port' => $port);
		$place = $name . ':' . $port;
		try {
			$addresses = $call('gethostbynamel', $name);
			if ($addresses !== null) {
				$host['addresses'] = $addresses ? array_slice($addresses, 0, 8) : array();
				$host['dns'] = $addresses ? 'ok' : 'failed';
			}
			if ($addresses === false || !function_exists('stream_socket_client')) {
				return $host;
			}
			$socket = stream_socket_client('tcp://' . $place, $number, $error, $left(4));
			$host['tcp'] = $socket ? 'ok' : 'failed';
			$host['tcp_error'] = $socket ? '' : $text(trim($number . ' ' . $error));
			if ($socket) {
				fclose($socket);
			}
			foreach ($socket && $encrypted ? array(true, false) : array() as $verify) { // without verification, only to read the certificate
				$context = stream_context_create(array('ssl' => array(
					'verify_peer' => $verify, 'verify_peer_name' => $verify, 'peer_name' => $name, 'SNI_enabled' => true, 'capture_peer_cert_chain' => true,
				)));
				$warning = '';
				$socket = stream_socket_client('ssl://' . $place, $number, $error, $left(4), STREAM_CLIENT_CONNECT, $context);
				if ($verify) {
					$host['tls'] = $socket ? 'ok' : 'failed';
					$host['tls_error'] = $socket ? '' : $text(trim(preg_replace('/\s+/', ' ', $warning . ' ' . $error)), 300);
				}
				if (!$socket && stripos($warning, 'cert') === false) {
					break;
				}
				if ($socket) {
					$got = stream_context_get_params($socket);
					$chain = isset($got['options']['ssl']['peer_certificate_chain']) ? $got['options']['ssl']['peer_certificate_chain'] : array();
					foreach (array_slice($chain, 0, 6) as $certificate) {
						if (openssl_x509_export($certificate, $pem)) {
							$host['chain'][] = preg_replace('/-----[A-Z ]+-----|\s+/', '', $pem);
						}
					}
					fclose($socket);
					break;
				}
			}
		} catch (\Throwable $e) {
			$host['failed'] = $text(get_class($e) . ': ' . $e->getMessage());
		}
		return $host;
	};
	$port = function ($url) {
		$port = (int)parse_url($url, PHP_URL_PORT);
		return $port ? $port : (strpos($url, 'http://') === 0 ? 80 : 443);
	};

	// The authorization servers, also by the product's own client with its settings. The one that this portal uses comes first.
	$answer['hosts'] = array();
	$direct = empty($answer['proxies']['rest']['host']);
	$used = isset($answer['registration']['server']) ? rtrim($answer['registration']['server'], '/') : '';
	foreach (array_unique(array_merge(strpos($used, 'https://') === 0 ? array($used) : array(), $servers)) as $url) {
		if ($expired('hosts', 15)) {
			break;
		}
		$name = (string)parse_url($url, PHP_URL_HOST);
		$host = array('host' => $name, 'port' => $port($url));
		try {
			$host = $connect($name, $port($url));
			// What wasn't found, or didn't answer, would not do so a moment later.
			$hopeless = isset($host['dns']) && $host['dns'] === 'failed' || isset($host['tcp']) && $host['tcp'] === 'failed' && empty($answer['proxies']['curl']);
			if (class_exists('Bitrix\Main\Web\HttpClient') && (!$direct || !$hopeless)) {
				$began = microtime(true);
				$client = new \Bitrix\Main\Web\HttpClient(array('socketTimeout' => 5, 'streamTimeout' => 5, 'redirect' => false));
				$client->setHeader('User-Agent', 'BoxReady');
				$body = $client->get($url . '/oauth/token/');
				$host['http'] = array('status' => (int)$client->getStatus(), 'took_ms' => (int)round((microtime(true) - $began) * 1000));
				$said = json_decode((string)$body, true);
				if (is_array($said) && isset($said['error'])) {
					$host['http']['error'] = $text($said['error']);
				} else {
					$host['http']['body'] = $text($body);
				}
				$failures = array();
				foreach ((array)$client->getError() as $layer => $message) {
					$failures[] = $text($layer . ': ' . (is_array($message) ? implode(' ', $message) : $message));
				}
				$host['http']['failure'] = implode('; ', $failures);
			}
		} catch (\Throwable $e) {
			$host['failed'] = $text(get_class($e) . ': ' . $e->getMessage());
		}
		$host['in_use'] = $url === $used;
		$answer['hosts'][] = $host;
	}

	// The portal's own address: the one that was checked, or that the administrator uses, or that the settings have.
	$part('self', false, function () use (&$answer, $connect, $option, $product, $port, $expired) {
		$own = $answer['asked'] !== '' ? 'https://' . $answer['asked'] : (isset($answer['https']['browser']) ? $answer['https']['browser'] : '');
		if ($own === '' && $product && $option('main', 'server_name') !== '') {
			$own = 'https://' . $option('main', 'server_name');
		}
		$name = (string)parse_url($own, PHP_URL_HOST);
		return $name === '' || $expired('self', 20) ? null : $connect($name, $port($own), strpos($own, 'https://') === 0);
	});

	// The vendor's other hosts of the portal's region, where no proxy stands before them.
	$region = isset($answer['licence']['region']) ? $answer['licence']['region'] : '';
	$region = $region === '' ? '' : (in_array($region, $cis) ? 'cis' : 'world');
	$zones = array('by' => 'by', 'kz' => 'kz', 'kg' => 'kz', 'uz' => 'kz'); // of the Market's host
	$part('others', false, function () use (&$answer, $connect, $option, $product, $port, $expired, $others, $region, $zones, $direct) {
		$language = $product ? $option('main', '~PARAM_CLIENT_LANG') : '';
		foreach ($others as $other) {
			list($of, $url) = $other;
			$updates = strpos($url, 'http://') === 0; // without encryption, unless they are set to https
			$skip = $updates ? !$product || $option('main', 'update_use_https') === 'Y' || !empty($answer['proxies']['updates']['host']) : !$direct;
			if ($skip || $of !== '' && $region !== '' && $of !== $region) {
				continue;
			}
			if ($expired('others', 24)) {
				break;
			}
			if ($updates && $option('main', 'update_site') !== '') {
				$url = 'http://' . $option('main', 'update_site');
			}
			if (isset($zones[$language])) {
				$url = str_replace('util.1c-bitrix.ru', 'util.1c-bitrix.' . $zones[$language], $url);
			}
			$answer['hosts'][] = $connect((string)parse_url($url, PHP_URL_HOST), $port($url), !$updates);
		}
		return null;
	});
	unset($answer['others']); // its result is among the hosts

	// Where events and outgoing webhooks go: scheme and host alone. The rest of these addresses may hold passwords, and is dropped here.
	$part('outgoing', true, function () use (&$answer, $rows, $has, $text, $call, $expired) {
		$names = array();
		foreach (!empty($answer['applications']) ? $rows('SELECT ID, CODE, APP_NAME FROM b_rest_app') : array() as $row) {
			$names[$row['ID']] = $text($row['APP_NAME']) !== '' ? $text($row['APP_NAME']) : $text($row['CODE']);
		}
		$outgoing = array();
		foreach ($has('b_rest_event') ? $rows('SELECT APP_ID, EVENT_HANDLER FROM b_rest_event ORDER BY ID') : array() as $row) {
			$handler = trim($text($row['EVENT_HANDLER'], 1000));
			if ($handler === '') {
				continue; // offline
			}
			$scheme = strtolower((string)parse_url($handler, PHP_URL_SCHEME));
			$host = strtolower(trim((string)parse_url($handler, PHP_URL_HOST), '[].'));
			if (($scheme !== 'http' && $scheme !== 'https') || !preg_match('/^[\p{L}\p{N}._:-]+$/u', $host)) {
				$scheme = $host = ''; // unreadable
			}
			$key = $scheme . ' ' . $host;
			if (!isset($outgoing[$key]) && count($outgoing) < 20) {
				$outgoing[$key] = array('scheme' => $scheme, 'host' => $host, 'number' => 0, 'webhooks' => 0, 'applications' => array());
			}
			if (isset($outgoing[$key])) {
				$outgoing[$key]['number']++;
				$application = isset($row['APP_ID']) && isset($names[$row['APP_ID']]) ? $names[$row['APP_ID']] : '';
				if (!(int)$row['APP_ID']) {
					$outgoing[$key]['webhooks']++;
				} elseif ($application !== '' && !in_array($application, $outgoing[$key]['applications'])) {
					$outgoing[$key]['applications'][] = $application;
				}
			}
		}
		foreach ($outgoing as $key => $to) {
			$literal = $call('filter_var', $to['host'], FILTER_VALIDATE_IP);
			if ($to['host'] === '' || !$literal && $expired('outgoing', 26)) {
				continue;
			}
			$addresses = $literal ? array($to['host']) : $call('gethostbynamel', $to['host']);
			if ($addresses !== null) {
				$outgoing[$key]['dns'] = $addresses || $call('checkdnsrr', $to['host'] . '.', 'AAAA') ? 'ok' : 'failed';
			}
			$public = 0;
			foreach ($addresses ? $addresses : array() as $address) {
				$public += $call('filter_var', $address, FILTER_VALIDATE_IP, FILTER_FLAG_NO_PRIV_RANGE | FILTER_FLAG_NO_RES_RANGE) ? 1 : 0;
			}
			$outgoing[$key]['private'] = $addresses && !$public || !$literal && strpos($to['host'], '.') === false;
		}
		return array_values($outgoing);
	});

	$call('restore_error_handler');
	$print();
});
