using System.CommandLine;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Inspect;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Formats;
using QwenSharp.Models;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp inspect</c>: what a model contains and what it takes to run it.</summary>
internal static class InspectCommand
{
    private const string Examples = """
        qwensharp inspect qwen3-4b-q4_k_m.gguf
        qwensharp inspect qwen3-4b-q4_k_m.gguf --context 32768   # memory needed for that context
        qwensharp inspect model-00001-of-00004.gguf --tensors    # a split model, tensor by tensor
        qwensharp inspect Qwen3-4B-FP8/                          # a folder as Hugging Face has it
        qwensharp inspect --shape qwen3-30b-a3b --type q4_k_m    # what it would take, before a download
        qwensharp inspect qwen3-4b-q4_k_m.gguf --json
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string?> model = ShapeArguments.Model(
            "A GGUF file, with weights or without (any file of a split model), a Hugging Face folder, or the name of a pulled model: see "
                + "'qwensharp list'."
        );
        ShapeArguments shape = new(
            "A published shape, to see what it would take before it is downloaded; 'qwensharp bench --list-shapes' lists them.");
        Option<bool> tensors = new("--tensors") { Description = "List every tensor instead of one line for each kind." };
        Option<bool> template = new("--template") { Description = "Print the chat template, exactly and alone." };
        Option<bool> json = Values.Json("One JSON object: files, configuration, memory, quantisation mix, metadata, tensors, template.");
        ModelOptions modelOptions = new(threads: false);
        DocumentedCommand command = new(
            "inspect",
            "Describes a model: configuration, memory, quantisation mix, metadata, tensors.",
            Examples)
        {
            model,
            tensors,
            template,
            json,
        };
        shape.AddTo(command);
        modelOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            shape.Check(result, model);
            if (result.GetValue(template) && result.GetValue(shape.Shape) is not null)
                result.AddError("--template prints the template of a file; a shape has none.");
            if (result.GetValue(template) && (result.GetValue(json) || result.GetValue(tensors)))
                result.AddError("--template prints the template alone; it goes with neither --json nor --tensors.");
        });
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(shape.Shape) is { } name)
            {
                Write(
                    ModelDescription.OfShape(name, parsed.GetValue(shape.Type)!, modelOptions.Context(parsed), modelOptions.KvType(parsed)),
                    parsed);
                return ExitCode.Ok;
            }

            using Checkpoint file = ModelFiles.Open(LocalModel.Of(parsed.GetValue(model)!).Path, decode: false);
            if (parsed.GetValue(template))
            {
                terminal.Out.Write(file.Metadata.GetString(ModelDescription.TemplateKey));
                return ExitCode.Ok;
            }

            Write(ModelDescription.Of(file, modelOptions.Context(parsed), modelOptions.KvType(parsed)), parsed);
            return ExitCode.Ok;
        });
        return command;

        void Write(ModelDescription description, ParseResult parsed)
        {
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(DescriptionJson.Of(description).ToJsonString(Output.JsonIndented));
            else
                DescriptionTables.Write(description, parsed.GetValue(tensors), terminal.Rich());
        }
    }
}
