using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code.Models;

/// <summary>A model of this machine, computed in this process.</summary>
internal static class LocalCodeModel
{
    /// <summary>Loads it.</summary>
    public static CodeModel Load(Terminal terminal, LocalModel local, QwenModelOptions options)
    {
        QwenModel model = QwenModel.Load(local.Path, options with { Id = local.Id });
        Output.Tell(terminal, model.Repairs);
        return new CodeModel
        {
            Name = model.Id,
            Client = new QwenChatClient(model),
            ContextLength = model.ContextLength,
            Held = [model],
        };
    }
}
