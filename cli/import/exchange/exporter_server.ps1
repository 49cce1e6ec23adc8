# Writes the folder that "mailwicket import exchange FOLDER" reads. It changes nothing in Exchange.
#
# Run it in the Exchange Management Shell of an Exchange server (2013 and later), as a member of "View-Only Organization
# Management":
#
#     .\export.ps1 -Folder C:\mailwicket
#
# It asks for the permissions of each recipient: with 5,000 of them it runs for some minutes.
param([Parameter(Mandatory = $true)] [string] $Folder)
# Exchange's cmdlets stand in a module, which does not see this: so each has -ErrorAction too.
$ErrorActionPreference = 'Stop'

# Export-Csv writes the name of a type in place of several values: here each value has a line.
function Select-Text {
    param([Parameter(ValueFromPipeline = $true)] $InputObject, [string[]] $Property, [hashtable] $With = @{})
    process {
        $row = [ordered] @{}
        foreach ($name in $With.Keys) { $row[$name] = [string] $With[$name] }
        foreach ($name in $Property) {
            $values = @($InputObject.$name | Where-Object { $null -ne $_ } | ForEach-Object { [string] $_ })
            $row[$name] = $values -join "`n"
        }
        [pscustomobject] $row
    }
}

function Save-Table {
    param([Parameter(ValueFromPipeline = $true)] $InputObject, [string] $Name)
    begin { $rows = New-Object System.Collections.ArrayList }
    process { if ($null -ne $InputObject) { [void] $rows.Add($InputObject) } }
    end {
        # UTF-8 with a byte order mark in every PowerShell, and a file where there is no row.
        $lines = [string[]] @($rows | ConvertTo-Csv -NoTypeInformation)
        [System.IO.File]::WriteAllLines((Join-Path $Folder "$Name.csv"), $lines, (New-Object System.Text.UTF8Encoding $true))
    }
}

function Get-Sid {
    param([string] $Account)
    try {
        if ($Account -like 'S-1-*') { return $Account }
        $name = New-Object System.Security.Principal.NTAccount($Account)
        $name.Translate([System.Security.Principal.SecurityIdentifier]).Value
    } catch {
        ''
    }
}

$Folder = (New-Item -ItemType Directory -Force -Path $Folder).FullName
Set-ADServerSettings -ViewEntireForest $true -ErrorAction Stop

$mailboxes = @(Get-Mailbox -ResultSize Unlimited -ErrorAction Stop)
$groups = @(Get-DistributionGroup -ResultSize Unlimited -ErrorAction Stop)
$dynamic = @(Get-DynamicDistributionGroup -ResultSize Unlimited -ErrorAction Stop)
$mailUsers = @(Get-MailUser -ResultSize Unlimited -ErrorAction Stop)
$contacts = @(Get-MailContact -ResultSize Unlimited -ErrorAction Stop)

$mailboxes | Select-Text -Property {{Mailbox}} | Save-Table -Name 'Mailbox'
$groups | Select-Text -Property {{DistributionGroup}} | Save-Table -Name 'DistributionGroup'
$dynamic | Select-Text -Property {{DynamicDistributionGroup}} | Save-Table -Name 'DynamicDistributionGroup'
$mailUsers | Select-Text -Property {{MailUser}} | Save-Table -Name 'MailUser'
$contacts | Select-Text -Property {{MailContact}} | Save-Table -Name 'MailContact'

Get-CASMailbox -ResultSize Unlimited -ErrorAction Stop | Select-Text -Property {{CASMailbox}} | Save-Table -Name 'CASMailbox'
Get-User -ResultSize Unlimited -ErrorAction Stop | Select-Text -Property {{User}} | Save-Table -Name 'User'
Get-Group -ResultSize Unlimited -ErrorAction Stop | Select-Text -Property {{Group}} | Save-Table -Name 'Group'

$groups | ForEach-Object {
    $with = @{ Group = $_.DistinguishedName }
    Get-DistributionGroupMember -Identity $_.DistinguishedName -ResultSize Unlimited -ErrorAction Stop |
        Select-Text -With $with -Property {{DistributionGroupMember}}
} | Save-Table -Name 'DistributionGroupMember'

$dynamic | ForEach-Object {
    $with = @{ Group = $_.DistinguishedName }
    $filter = @{ RecipientPreviewFilter = [string] $_.RecipientFilter; OrganizationalUnit = [string] $_.RecipientContainer }
    Get-Recipient @filter -ResultSize Unlimited -ErrorAction Stop |
        Select-Text -With $with -Property {{DynamicDistributionGroupMember}}
} | Save-Table -Name 'DynamicDistributionGroupMember'

# Send-As, and who holds all rights. What else there is decides nothing about sending.
@($mailboxes) + @($groups) + @($dynamic) + @($mailUsers) + @($contacts) | ForEach-Object {
    $recipient = $_.DistinguishedName
    Get-ADPermission -Identity $recipient -ErrorAction Stop | Where-Object {
        "$($_.ExtendedRights)" -match 'Send.As|ab721a54' -or "$($_.AccessRights)" -match 'GenericAll' -or
        ("$($_.AccessRights)" -match 'ExtendedRight' -and "$($_.ExtendedRights)" -eq '')
    } | ForEach-Object {
        $_ | Select-Text -With @{ Recipient = $recipient; UserSid = (Get-Sid -Account "$($_.User)") } -Property {{ADPermission}}
    }
} | Save-Table -Name 'ADPermission'

Get-AcceptedDomain -ErrorAction Stop | Select-Text -Property {{AcceptedDomain}} | Save-Table -Name 'AcceptedDomain'
Get-TransportConfig -ErrorAction Stop | Select-Text -Property {{TransportConfig}} | Save-Table -Name 'TransportConfig'

$connectors = @(Get-ReceiveConnector -ErrorAction Stop)
$connectors | Select-Text -Property {{ReceiveConnector}} | Save-Table -Name 'ReceiveConnector'
$connectors | ForEach-Object {
    $connector = [string] $_.Identity
    Get-ADPermission -Identity $_.DistinguishedName -ErrorAction Stop |
        Where-Object { "$($_.ExtendedRights)" -match 'ms-Exch-' } | ForEach-Object {
        $with = @{ Connector = $connector; UserSid = (Get-Sid -Account "$($_.User)") }
        $_ | Select-Text -With $with -Property {{ReceiveConnectorPermission}}
    }
} | Save-Table -Name 'ReceiveConnectorPermission'

# Each Mailbox server has its own; one that does not answer is left out.
$servers = @(Get-ExchangeServer -ErrorAction Stop)
$servers | ForEach-Object {
    $server = [string] $_.Name
    try { Get-ImapSettings -Server $server -ErrorAction Stop } catch { Write-Warning "IMAP settings of ${server}: $_" }
} | Select-Text -Property {{ImapSettings}} | Save-Table -Name 'ImapSettings'
$servers | ForEach-Object {
    $server = [string] $_.Name
    try { Get-PopSettings -Server $server -ErrorAction Stop } catch { Write-Warning "POP settings of ${server}: $_" }
} | Select-Text -Property {{PopSettings}} | Save-Table -Name 'PopSettings'
