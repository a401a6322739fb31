using System.Text.Json;
using System.Text.RegularExpressions;
using QwenSharp.Agent.Hooks;
using QwenSharp.Faults;

namespace QwenSharp.Agent.Settings;

/// <summary>
/// Reads a file of settings, in the shape of Claude Code's: <c>permissions</c> with <c>allow</c>, <c>ask</c>, <c>deny</c>,
/// <c>defaultMode</c> and <c>additionalDirectories</c>, <c>model</c>, <c>env</c> and <c>hooks</c>. What is none of these is an error that
/// names it, as a setting that does nothing is worse than none.
/// </summary>
public static class SettingsFile
{
    private static readonly TimeSpan UsualTimeout = TimeSpan.FromMinutes(1);

    private static readonly JsonDocumentOptions Reading = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>The settings of a file; empty ones where there is no file.</summary>
    /// <exception cref="InvalidDataException">The file is not one of settings; the message says where and why.</exception>
    public static AgentSettings Read(string path)
    {
        if (!File.Exists(path))
            return new AgentSettings();

        try
        {
            return Read(JsonElement.Parse(File.ReadAllText(path), Reading));
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: {JsonProblem.Of(wrong)}.", wrong);
        }
    }

    private static AgentSettings Read(JsonElement file)
    {
        AgentSettings settings = new();
        foreach (JsonProperty field in Members(file, "the file"))
        {
            settings = field.Name switch
            {
                "$schema" => settings,
                "permissions" => Permissions(settings, field.Value),
                "model" => settings with { Model = Text(field.Value, "model") },
                "env" => settings with
                {
                    Environment = Members(field.Value, "env").ToDictionary(one => one.Name, one => Text(one.Value, $"env.{one.Name}")),
                },
                "hooks" => settings with { Hooks = [.. Members(field.Value, "hooks").SelectMany(Hooks)] },
                _ => throw Unknown(field.Name, "permissions, model, env and hooks"),
            };
        }

        return settings;
    }

    private static AgentSettings Permissions(AgentSettings settings, JsonElement permissions)
    {
        foreach (JsonProperty field in Members(permissions, "permissions"))
        {
            string name = $"permissions.{field.Name}";
            settings = field.Name switch
            {
                "allow" => settings with { Allow = Texts(field.Value, name) },
                "ask" => settings with { Ask = Texts(field.Value, name) },
                "deny" => settings with { Deny = Texts(field.Value, name) },
                "defaultMode" => settings with { Mode = Text(field.Value, name) },
                "additionalDirectories" => settings with { Directories = Texts(field.Value, name) },
                _ => throw Unknown(name, "allow, ask, deny, defaultMode and additionalDirectories"),
            };
        }

        return settings;
    }

    private static IEnumerable<HookSetting> Hooks(JsonProperty moment)
    {
        if (!Enum.TryParse(moment.Name, out HookEvent when) || !Enum.IsDefined(when))
            throw Unknown($"hooks.{moment.Name}", string.Join(", ", Enum.GetNames<HookEvent>()));

        return Items(moment.Value, $"hooks.{moment.Name}").SelectMany(group =>
        {
            string? matcher = null;
            JsonElement commands = default;
            foreach (JsonProperty field in Members(group, $"a group of hooks.{moment.Name}"))
            {
                if (field.Name == "matcher")
                    matcher = Pattern(Text(field.Value, "matcher"));
                else if (field.Name == "hooks")
                    commands = field.Value;
                else
                    throw Unknown($"hooks.{moment.Name}[].{field.Name}", "matcher and hooks");
            }

            return Items(commands, $"hooks.{moment.Name}[].hooks").Select(command => Command(when, matcher, command));
        });
    }

    private static HookSetting Command(HookEvent when, string? matcher, JsonElement hook)
    {
        string? command = null;
        TimeSpan timeout = UsualTimeout;
        foreach (JsonProperty field in Members(hook, "a hook"))
        {
            switch (field.Name)
            {
                case "type" when Text(field.Value, "type") == "command":
                    break;
                case "type":
                    throw new JsonException($"a hook has the type \"{field.Value.GetString()}\"; only \"command\" is run");
                case "command":
                    command = Text(field.Value, "command");
                    break;
                case "timeout":
                    timeout = field.Value.ValueKind == JsonValueKind.Number && field.Value.GetDouble() is > 0 and <= 86_400 and var seconds
                        ? TimeSpan.FromSeconds(seconds)
                        : throw new JsonException("the \"timeout\" of a hook must be a number of seconds above 0");
                    break;
                default:
                    throw Unknown($"hooks[].{field.Name}", "type, command and timeout");
            }
        }

        return new HookSetting(when, matcher, command ?? throw new JsonException("a hook has no \"command\""), timeout);
    }

    private static string Pattern(string matcher)
    {
        try
        {
            _ = matcher == "*" ? null : new Regex(matcher);
            return matcher;
        }
        catch (ArgumentException wrong)
        {
            throw new JsonException($"the matcher \"{matcher}\" is no regular expression: {wrong.Message}", wrong);
        }
    }

    private static IEnumerable<JsonProperty> Members(JsonElement json, string what) => json.ValueKind == JsonValueKind.Object
        ? json.EnumerateObject()
        : throw new JsonException($"{what} must be a JSON object");

    private static IEnumerable<JsonElement> Items(JsonElement json, string what) => json.ValueKind == JsonValueKind.Array
        ? json.EnumerateArray()
        : throw new JsonException($"{what} must be a JSON array");

    private static string Text(JsonElement json, string what) => json.ValueKind == JsonValueKind.String
        ? json.GetString()!
        : throw new JsonException($"{what} must be a string");

    private static IReadOnlyList<string> Texts(JsonElement json, string what) =>
        [.. Items(json, what).Select(item => Text(item, $"an item of {what}"))];

    private static JsonException Unknown(string name, string known) =>
        new($"\"{name}\" is no setting; there are {known}");
}
