# Writes the folder that "mailwicket import exchange FOLDER" reads. It changes nothing in Exchange Online.
#
# Run it in PowerShell with the module ExchangeOnlineManagement, as a user with the role "View-Only Organization Management":
#
#     Connect-ExchangeOnline
#     .\export.ps1 -Folder C:\mailwicket
#
# It asks for the permissions of each recipient: with 5,000 of them it runs for an hour or more.
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

$Folder = (New-Item -ItemType Directory -Force -Path $Folder).FullName

$mailboxes = @(Get-Mailbox -ResultSize Unlimited -ErrorAction Stop)
$groups = @(Get-DistributionGroup -ResultSize Unlimited -ErrorAction Stop)
$unified = @(Get-UnifiedGroup -ResultSize Unlimited -ErrorAction Stop)
$dynamic = @(Get-DynamicDistributionGroup -ResultSize Unlimited -ErrorAction Stop)
$mailUsers = @(Get-MailUser -ResultSize Unlimited -ErrorAction Stop)
$contacts = @(Get-MailContact -ResultSize Unlimited -ErrorAction Stop)

$mailboxes | Select-Text -Property {{Mailbox}} | Save-Table -Name 'Mailbox'
@($groups) + @($unified) | Select-Text -Property {{DistributionGroup}} | Save-Table -Name 'DistributionGroup'
$dynamic | Select-Text -Property {{DynamicDistributionGroup}} | Save-Table -Name 'DynamicDistributionGroup'
$mailUsers | Select-Text -Property {{MailUser}} | Save-Table -Name 'MailUser'
$contacts | Select-Text -Property {{MailContact}} | Save-Table -Name 'MailContact'

Get-CASMailbox -ResultSize Unlimited -ErrorAction Stop | Select-Text -Property {{CASMailbox}} | Save-Table -Name 'CASMailbox'
Get-User -ResultSize Unlimited -ErrorAction Stop | Select-Text -Property {{User}} | Save-Table -Name 'User'
Get-Group -ResultSize Unlimited -ErrorAction Stop | Select-Text -Property {{Group}} | Save-Table -Name 'Group'

& {
    $groups | ForEach-Object {
        $with = @{ Group = $_.DistinguishedName }
        Get-DistributionGroupMember -Identity $_.DistinguishedName -ResultSize Unlimited -ErrorAction Stop |
            Select-Text -With $with -Property {{DistributionGroupMember}}
    }
    $unified | ForEach-Object {
        $with = @{ Group = $_.DistinguishedName }
        Get-UnifiedGroupLinks -Identity $_.DistinguishedName -LinkType Members -ResultSize Unlimited -ErrorAction Stop |
            Select-Text -With $with -Property {{DistributionGroupMember}}
    }
} | Save-Table -Name 'DistributionGroupMember'

$dynamic | ForEach-Object {
    $with = @{ Group = $_.DistinguishedName }
    Get-DynamicDistributionGroupMember -Identity $_.DistinguishedName -ResultSize Unlimited -ErrorAction Stop |
        Select-Text -With $with -Property {{DynamicDistributionGroupMember}}
} | Save-Table -Name 'DynamicDistributionGroupMember'

@($mailboxes) + @($groups) + @($unified) + @($dynamic) + @($mailUsers) + @($contacts) | ForEach-Object {
    $with = @{ Recipient = $_.DistinguishedName }
    Get-RecipientPermission -Identity $_.DistinguishedName -ResultSize Unlimited -ErrorAction Stop |
        Select-Text -With $with -Property {{RecipientPermission}}
} | Save-Table -Name 'RecipientPermission'

Get-AcceptedDomain -ErrorAction Stop | Select-Text -Property {{AcceptedDomain}} | Save-Table -Name 'AcceptedDomain'
Get-TransportConfig -ErrorAction Stop | Select-Text -Property {{TransportConfig}} | Save-Table -Name 'TransportConfig'
