<?php
use Bitrix24\SDK\Services\CRM\Deal\Service\Deal;
use Bitrix24\SDK\Services\CRM\Timeline\Comment\Service\Comment as Notes;
use Bitrix24\SDK\Services\{Main\Service\EventManager, Task\TaskServiceBuilder};
use Bitrix24\SDK\Application\Requests\Events\OnApplicationInstall\OnApplicationInstall;
use Bitrix24\SDK\Services\CRM\Company\Events\OnCrmCompanyAdd\OnCrmCompanyAdd;
use App\Deal as Other;

class Sync
{
    public function __construct(private Deal $deals, private readonly Notes $notes, TaskServiceBuilder $tasks, EventManager $events)
    {
        $tasks->task()->addFavorite(1);
        $events->unbindAllEventHandlers();
    }

    public function run(ServiceBuilder $b24, Other $other, $event): void
    {
        $this->deals->list([], [], []);
        $this->notes->add([]);
        $other->delete(1);
        $b24->getMainScope()->main()->getServerTime();
        $b24->getMainScope()->eventManager()->bindEventHandlers([new EventHandlerMetadata(OnCrmCompanyAdd::CODE, $url, 1)]);
        $b24->getCRMScope()->trigger()->execute('x', 1, 2);
        $b24->getSaleScope()->basketProperty()->list();
        $b24->getPaysystemScope()->settings()->getForPayment(1, 2);
        if ($event instanceof OnApplicationInstall) {
            $b24->getCRMScope()->strange()->thing();
        }
    }
}
