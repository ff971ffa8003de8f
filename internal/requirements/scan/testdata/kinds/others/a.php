<?php
$client->call('batch', ['cmd' => ['crm.deal.update_' . $id => "crm.lead.get?ID=$id", 'crm.deal.add_5' => 'x']]);
$rows = $result["crm.deal.list_$id"];
const CLIENT = 'app.5f3e1c2a4b6d78.12345678';
const LOCAL = 'local.abcdef1234567890.12345678';
$permissions = ['crm.deal.add', 'user.get', 'crm.deal.export'];
$role->permissions(['crm.quote.add']);
Gate::can('crm.quote.update');
$text = trans('crm.deal.title') . __('user.get') . $i18n->t('crm.lead.title');
$logger->info('crm.quote.get');
