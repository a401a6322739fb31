using System.Globalization;
using QwenSharp.Server.Bench;

// What clients of a server see. MODEL is a GGUF file with a vocabulary and a template.
//   dotnet run -c Release --project bench/QwenSharp.Server.Bench -- peers MODEL --llama-server PROGRAM
//     1, 8 and 32 clients that stream, of `qwensharp serve` and of llama-server in turn
//   dotnet run -c Release --project bench/QwenSharp.Server.Bench -- load MODEL
//     64 clients that stream, hang up and send what is wrong, while long prompts come
//   dotnet run -c Release --project bench/QwenSharp.Server.Bench -- turns MODEL [--llama-server PROGRAM]
//     a second turn after a long first one, and many turns as a coding agent has them

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is not [var section, var model, ..])
    return Usage("usage: QwenSharp.Server.Bench peers|load|turns MODEL [--option value …]");

Arguments arguments;
try
{
    arguments = Arguments.Parse(model, args.AsSpan(2));
}
catch (ArgumentException fault)
{
    return Usage(fault.Message);
}

switch (section)
{
    case "peers":
        await PeersSection.RunAsync(arguments).ConfigureAwait(false);
        return 0;
    case "load":
        return await LoadSection.RunAsync(arguments).ConfigureAwait(false) ? 0 : 1;
    case "turns":
        await TurnsSection.RunAsync(arguments).ConfigureAwait(false);
        return 0;
    default:
        return Usage($"'{section}' is neither peers, load nor turns.");
}

static int Usage(string message)
{
    Console.Error.WriteLine(message);
    return 2;
}
