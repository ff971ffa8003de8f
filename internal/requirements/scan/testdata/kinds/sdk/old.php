<?php
use Bitrix24\CRM\Deal\Deal;
use Bitrix24\Bitrix24;

$app = new Bitrix24();
$lead = new \Bitrix24\CRM\Lead($app);
$lead->getList([], [], []);
$deal = new Deal($app);
$deal->update(1, []);
(new \Bitrix24\User\User($app))->current();
function notify(\Bitrix24\Im\Notify $notify) { $notify->addSystem(1, 'text'); }
$lead->strange();
