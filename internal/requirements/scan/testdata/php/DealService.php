<?php

declare(strict_types=1);

namespace App\Bitrix;

/**
 * Deals of the portal. Uses crm.deal.list and, before 2022, crm.lead.list.
 *
 * @see https://apidocs.bitrix24.com/api-reference/crm/deals/crm-deal-list.html
 */
#[Service('deals')] // 'crm.quote.list'
final class DealService
{
    private const METHOD_LIST = 'crm.deal.list';
    private const METHOD_USER = 'user.get';
    public const EVENTS = ['ONCRMDEALADD', "OnCrmDealUpdate", 'onCrmDealDelete'];

    // old: $this->client->call('crm.lead.get', []);
    # and: 'crm.lead.add'
    /* 'crm.lead.update' */

    public function __construct(private Client $client, private string $webhook)
    {
    }

    public function all(array $filter): array
    {
        return $this->client->call(self::METHOD_LIST, ['filter' => $filter]);
    }

    public function one(int $id): array
    {
        return $this->client->call(
            'crm.deal.get', // not crm.deal.fields
            ['id' => $id],
        );
    }

    public function mixed(): void
    {
        $this->client->call('CRM.Company.List');
        $this->client->call("crm.contact.list");
        CRest::call('crm.item.list', ['entityTypeId' => 2]);
        $data = CRest::callBatch([
            'deal' => ['method' => 'crm.deal.update', 'params' => ['id' => 1]],
            'user' => ['method' => 'user.current', 'params' => []],
            'who' => ['method' => 'profile'],
        ]);
        $commands = [
            'contacts' => 'crm.contact.get?id=$result[deals][0]',
            'rows' => 'crm.deal.productrows.get?' . http_build_query(['id' => 5]),
            'users' => 'user.search?NAME=' . urlencode('Анна'),
        ];
        $this->client->call('batch', ['cmd' => $commands]);
    }

    public function urls(int $id): string
    {
        $a = file_get_contents($this->webhook . 'crm.product.list.json');
        $b = file_get_contents("{$this->webhook}/crm.product.get.json?ID={$id}");
        $c = file_get_contents('https://portal.example/rest/1/abcdef/department.get.json');
        $d = "https://$domain/rest/crm.currency.list?auth=" . $token;
        $e = sprintf('%s/crm.status.list.json', $this->webhook);
        $docs = 'https://docs.example/crm.invoice.list.html';
        return $a . $b . $c . $d . $e . $docs;
    }

    public function dynamic(string $entity, string $what): void
    {
        $this->client->call('crm.' . $entity . '.list');
        $this->client->call("crm.{$entity}.fields");
        $this->client->call(sprintf('crm.%s.%s', $entity, $what));
        $this->client->call('crm.' . 'activity' . '.list');
    }

    public function notMethods(): void
    {
        throw_if($bad, new \Exception("The method crm.quote.get isn't there"));
        $title = __('crm.quote.add');
        $route = route('user.update');
        $key = config('app.info');
        $this->authorize('user.add');
        $APPLICATION->IncludeComponent('bitrix:crm.quote.list', '', []);
        AddEventHandler('tasks', 'OnTaskAdd', [self::class, 'handle']);
        EventManager::getInstance()->addEventHandler('main', 'OnUserAdd', 'handler');
        $log->info('crm.quote.update failed: see "crm.quote.delete" in the documentation');
        $text = $lang['user.fields'];
        $file = 'crm.quote.fields.php';
        $user = ['profile' => 1, 'scope' => 'own', 'events' => []];
    }

    public function javascript(): string
    {
        $handler = '<a href="#" onclick="BX24.callMethod(\'crm.activity.get\', {id: 1})">open</a>';
        return <<<HTML
            <script>
              BX24.callMethod("crm.activity.add", {fields: {}}, function (result) { alert('done'); });
              // BX24.callMethod("crm.activity.update")
            </script>
            It calls crm.activity.delete when you press the button.
            HTML . <<<'TXT'
              $x = 'nothing';
            TXT;
    }

    public function events(string $url): void
    {
        $this->client->call('event.bind', ['event' => 'OnTaskUpdate', 'handler' => 'https://app.example.com/event.php']);
        $this->client->call('event.bind', ['event' => 'ONIMBOTMESSAGEADD', 'handler' => $url]);
        switch ($_REQUEST['event']) {
            case 'ONAPPINSTALL':
            case 'ONCRMDYNAMICITEMUPDATE_147':
                break;
        }
        if ($_POST['event'] === 'ONVOXIMPLANTCALLEND') {
            $this->client->call('telephony.externalcall.finish', []);
        }
    }
}
