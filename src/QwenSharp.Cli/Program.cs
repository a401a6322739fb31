using System.Globalization;
using QwenSharp.Cli;
using QwenSharp.Cli.Terminals;
using QwenSharp.Numerics;

CompiledLevels.Continue(args);

// Numbers on a command line and in JSON look the same in every country.
CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;

using Terminal terminal = Terminal.Open();
return await CommandTree.InvokeAsync(args, terminal);
