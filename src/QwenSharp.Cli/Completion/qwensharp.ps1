# Completion of qwensharp for PowerShell. In $PROFILE:  qwensharp completion pwsh | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName qwensharp, qwensharp.exe -ScriptBlock {
    param($typed, $line, $cursor)
    $elements = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor })
    $program = $line.CommandElements[0].Extent.Text
    $before = @($elements | Select-Object -Skip 1 | ForEach-Object {
        if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
    })
    & $program complete "--word=$typed" '--' @before 2>$null | ForEach-Object {
        if ($_ -eq ':files') {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($typed)
        } else {
            $word, $meaning = $_ -split "`t", 2
            if (-not $meaning) { $meaning = $word }
            [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $meaning)
        }
    }
}
