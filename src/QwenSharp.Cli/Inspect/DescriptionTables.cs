using System.Text.RegularExpressions;
using QwenSharp.Cli.Commands;
using QwenSharp.Formats;
using QwenSharp.Models;
using Spectre.Console;

namespace QwenSharp.Cli.Inspect;

/// <summary>A model's description for people.</summary>
internal static partial class DescriptionTables
{
    public static void Write(ModelDescription description, bool everyTensor, IAnsiConsole console)
    {
        CheckpointSummary summary = description.Summary;
        Grid overview = Pairs();
        Add(overview, "Name", summary.Name ?? "(none)");
        Add(overview, "Architecture", summary.Architecture ?? "(none)");
        Add(
            overview,
            "Parameters",
            $"{Output.Count(summary.Parameters)} ({summary.Parameters:N0}), {summary.BitsPerWeight:0.00} bits each");
        Add(
            overview,
            summary.Files.Count switch
            {
                0 => "Weights",
                1 => "File",
                int files => $"{files} files",
            },
            $"{Output.Bytes(summary.Bytes)}, {summary.Format}");
        if (description.Config is { } config)
            AddConfig(overview, config);
        else
            Add(overview, "Cannot run", description.WhyNoConfig!);

        if (description.Memory is { } memory)
        {
            Add(overview, "Memory", $"{Output.Bytes(memory.TotalBytes)} with a context of {memory.Context:N0}: "
                + $"weights {Output.Bytes(memory.WeightBytes)}, KV cache {Output.Bytes(memory.KvBytes)} ({memory.KvType})"
                + (memory.StateBytes > 0 ? $", recurrent states {Output.Bytes(memory.StateBytes)}" : "")
                + $", workspace {Output.Bytes(memory.WorkspaceBytes)}, the process itself about {Output.Bytes(MemoryNeed.RuntimeBytes)}");
        }

        Add(
            overview,
            "Chat template",
            description.Template is { } template ? $"{template.Length:N0} characters (--template prints it)" : "(none)");
        foreach (string note in description.Notes)
            Add(overview, "Note", note);

        console.Write(overview);
        WriteTypes(summary, console);
        WriteMetadata(summary, console);
        WriteTensors(summary, everyTensor, console);
    }

    private static void AddConfig(Grid grid, ModelConfig config)
    {
        Add(
            grid,
            "Layers",
            $"{config.Layers}, width {config.Width:N0}"
                + (config.FeedForwardWidth > 0 ? $", feed-forward {config.FeedForwardWidth:N0}" : ""));
        if (config.Experts is { } experts)
        {
            Add(grid, "Experts", $"{experts.Count} of width {experts.Width:N0}, of which a token uses {experts.Used}"
                + (experts.SharedWidth > 0 ? $", and a shared one of width {experts.SharedWidth:N0}" : ""));
        }

        if (config.Recurrent is { Shape: { } shape } recurrent)
        {
            Add(
                grid,
                "Gated DeltaNet",
                $"{recurrent.Count(config.Layers)} of {config.Layers} layers: {shape.KeyHeads} key heads of {shape.KeyLength}, "
                    + $"{shape.ValueHeads} value heads of {shape.ValueLength}, convolution over {shape.Taps}");
        }

        Add(
            grid,
            "Attention",
            (config.Recurrent is null ? "" : $"{config.AttentionLayers} of {config.Layers} layers: ")
                + $"{config.Heads} heads, {config.KvHeads} KV heads of {config.HeadLength}"
                + (config.HasQkNorm ? ", QK norm" : "")
                + (config.HasQkvBias ? ", QKV bias" : ""));
        Add(grid, "RoPE", $"theta {config.RopeTheta:N0}" + (config.RopeScaling is { } scaling ? $", {scaling}" : ""));
        Add(grid, "Vocabulary", $"{config.VocabularySize:N0} tokens{(config.HasTiedHead ? ", head tied to the embedding" : "")}");
        Add(grid, "Context", $"{config.ContextLength:N0} tokens");
    }

    private static void WriteTypes(CheckpointSummary summary, IAnsiConsole console)
    {
        if (summary.Types.Count == 0)
            return;

        Table table = NewTable("Type", "Tensors", "Parameters", "Bytes", "Share");
        long bytes = summary.Types.Sum(type => type.Bytes);
        foreach (TypeSummary type in summary.Types)
        {
            AddRow(
                table,
                type.Type.ToString(),
                $"{type.Tensors}",
                Output.Count(type.Parameters),
                Output.Bytes(type.Bytes),
                $"{100.0 * type.Bytes / bytes:0.0} %");
        }

        console.Write(table);
    }

    private static void WriteMetadata(CheckpointSummary summary, IAnsiConsole console)
    {
        Table table = NewTable("Metadata", "Type", "Value");
        foreach (MetadataSummary entry in summary.Metadata)
        {
            string value = entry.Value.ToJsonString(Output.JsonText);
            AddRow(table, entry.Key, entry.Type, value.Length > 120 ? value[..119] + "…" : value);
        }

        console.Write(table);
    }

    private static void WriteTensors(CheckpointSummary summary, bool every, IAnsiConsole console)
    {
        if (summary.Tensors.Count == 0)
            return;

        Table table = NewTable("Tensor", "Count", "Type", "Shape", "Bytes");
        foreach (IGrouping<(string Name, string Type, string Shape), TensorSummary> kind in summary.Tensors.GroupBy(tensor =>
            (every ? tensor.Name : LayerNumber().Replace(tensor.Name, "blk.*"), tensor.Type.ToString(), string.Join(" × ", tensor.Shape))))
        {
            AddRow(table, kind.Key.Name, $"{kind.Count()}", kind.Key.Type, kind.Key.Shape, Output.Bytes(kind.Sum(tensor => tensor.Bytes)));
        }

        console.Write(table);
    }

    private static Grid Pairs() => new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();

    private static void Add(Grid grid, string name, string value) =>
        grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));

    private static Table NewTable(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));

        return table;
    }

    // Plain texts, not markup: metadata may hold square brackets.
    private static void AddRow(Table table, params string[] cells) => table.AddRow(cells.Select(cell => new Text(cell)));

    [GeneratedRegex(@"^blk\.\d+")]
    private static partial Regex LayerNumber();
}
