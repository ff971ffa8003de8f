import { LoadDataType, useB24Helper } from '@bitrix24/b24jssdk'
const { initB24Helper, usePullClient } = useB24Helper()
await initB24Helper($b24, [LoadDataType.Profile, LoadDataType.Currency, LoadDataType.AppOptions, LoadDataType.UserOptions])
usePullClient()
