<?php
class Leads
{
    const PREFIX = 'crm.lead';
    private string $entity = 'crm.contact';

    public function all($client, bool $company)
    {
        $t = 'crm.deal.';
        $client->call($t . 'add');
        $client->call(self::PREFIX . '.list');
        $client->call("{$this->entity}.update");
        $client->call($this->entity . '.delete');
        $what = 'crm.quote';
        if ($company) {
            $what = 'crm.company';
        }
        $client->call("$what.fields");
        if ($company) {
            $kind = 'crm.product';
        } else {
            $kind = 'crm.status';
        }
        $client->call("{$kind}.get");
    }

    public function other($client, $t)
    {
        $client->call($t . 'update');
    }
}
define('ACTIVITY', 'crm.activity.');
$client->call(ACTIVITY . 'get');
